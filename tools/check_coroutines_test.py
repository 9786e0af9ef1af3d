import unittest

from check_coroutines import findings


class CheckCoroutines(unittest.TestCase):
    def test_finds_a_capturing_lambda_inside_a_co_await_expression(self):
        self.assertEqual(findings("co_await run([x] { return x; });"), [1])
        self.assertEqual(findings("co_await run(1, [&](int y) { use(y); });"), [1])
        self.assertEqual(findings("auto r =\n  co_await f(g(),\n  [this, x = 1]() mutable { x++; });"), [3])
        self.assertEqual(findings("co_await std::move(d).addCallback([=](int v) { return v; });"), [1])
        self.assertEqual(findings("co_await [x]() -> Deferred<int> { co_return x; }();"), [1])

    def test_finds_an_argument_in_braces(self):
        self.assertEqual(findings("co_await ask(stage, {name, {}}, 3);"), [1])
        self.assertEqual(findings("co_await\n  ask({name});"), [2])
        self.assertEqual(findings("co_await ask({});"), [])
        self.assertEqual(findings("co_await ask(1,\n  Question{name});"), [2])
        self.assertEqual(findings("co_await ask(a::Pair<int, Name>{});"), [1])

    def test_finds_braces_behind_co_yield(self):
        self.assertEqual(findings("co_yield Line{name, 1};"), [1])
        self.assertEqual(findings("co_yield\n  {name, 1};"), [2])
        self.assertEqual(findings("co_yield {};"), [])
        self.assertEqual(findings("co_yield line;\nf(Line{});"), [])

    def test_finds_a_conditional_beside_a_co_await(self):
        self.assertEqual(findings("f();\nauto t =\n  all ? co_await a() : co_await b();"), [3])
        self.assertEqual(findings("co_await f(all ? a : b);"), [1])
        self.assertEqual(findings("co_yield all ? a : b;"), [1])
        self.assertEqual(findings("const bool t = all ? co_await a() : co_await b();"), [])
        self.assertEqual(findings("bool t = f(all ? a : b, co_await g());"), [1])
        self.assertEqual(findings("auto t = all ? a : b; co_await f(t);"), [])
        self.assertEqual(findings("if (co_await f()) { t = all ? a : b; }"), [])

    def test_lets_pass_what_gcc_compiles_rightly(self):
        self.assertEqual(findings("auto f = [x] { return x; };\nco_await run(std::move(f));"), [])
        self.assertEqual(findings("co_await run([] { return 1; });"), [])
        self.assertEqual(findings("co_await run([](Int a, Int b) -> Int { return a; });"), [])
        self.assertEqual(findings("co_await run([]() mutable { do { f(); } while (g()); });"), [])
        self.assertEqual(findings("if (co_await f() && !co_await g()) co_return Line{1};"), [])
        self.assertEqual(findings("co_await table[index](3);"), [])
        self.assertEqual(findings("co_await tables[0][index](3);"), [])
        self.assertEqual(findings("co_await run(); auto f = [x](int) {};"), [])
        self.assertEqual(findings("f(co_await run(), [x](int) {});"), [])
        self.assertEqual(findings("auto f = [x]() -> Deferred<int> { co_return co_await g(x); };"), [])

    def test_looks_only_at_code(self):
        self.assertEqual(findings("// co_await run([x] { return x; });"), [])
        self.assertEqual(findings("/* co_await\n run([x] {}); */"), [])
        self.assertEqual(findings('log("co_await run([x] {})");'), [])
        self.assertEqual(findings('log(R"(co_await run([x] {}))");'), [])
        self.assertEqual(findings("co_await run(1'000, ';'); auto f = [x] {};"), [])


if __name__ == "__main__":
    unittest.main()
