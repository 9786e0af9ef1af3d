import json
import pathlib
import tempfile
import unittest

from run_tests import Count, without_passing_cases


def report(*cases):
    return json.dumps({"testsuites": [{"name": "Suite", "testsuite": list(cases)}]})


PASSES = {"name": "passes", "result": "COMPLETED"}
FAILS = {"name": "fails", "result": "COMPLETED", "failures": [{"failure": "why"}]}
SKIPPED = {"name": "skipped", "result": "SKIPPED"}
DISABLED = {"name": "disabled", "result": "SUPPRESSED"}


class CountTest(unittest.TestCase):
    def count(self, succeeded, text):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "layer.json")
            if text is not None:
                path.write_text(text, encoding="utf-8")
            count = Count()
            count.add_report("layer", succeeded, path)
            return count.passed, count.failed, count.skipped

    def test_counts_the_cases_of_a_report(self):
        self.assertEqual(self.count(True, report(PASSES, PASSES)), (2, [], 0))
        self.assertEqual(self.count(True, report(PASSES, SKIPPED, DISABLED)), (1, [], 2))
        self.assertEqual(self.count(False, report(PASSES, FAILS)), (1, ["layer: Suite.fails"], 0))

    def test_a_program_that_crashed_failed(self):
        failed = ["layer: it ended before it wrote its report"]
        self.assertEqual(self.count(False, None), (0, failed, 0))
        self.assertEqual(self.count(False, '{"testsuites": ['), (0, failed, 0))

    def test_a_program_that_failed_after_its_cases_failed(self):
        failed = ["layer: its cases passed, but the program failed"]
        self.assertEqual(self.count(False, report(PASSES)), (1, failed, 0))


class WithoutPassingCases(unittest.TestCase):
    def shown(self, *lines):
        return b"".join(without_passing_cases(line + b"\n" for line in lines)).splitlines()

    def test_leaves_out_cases_that_pass_and_say_nothing(self):
        lines = [b"[ RUN      ] A.a", b"[       OK ] A.a (0 ms)", b"[ RUN      ] A.b", b"why"]
        self.assertEqual(self.shown(*lines), lines[2:])

    def test_shows_the_case_in_which_a_program_ended(self):
        self.assertEqual(self.shown(b"[ RUN      ] A.a"), [b"[ RUN      ] A.a"])


if __name__ == "__main__":
    unittest.main()
