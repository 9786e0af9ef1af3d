"""The layer check must find what it is there for: each test puts one mistake into a good tree."""

import pathlib
import tempfile
import unittest

from check_layers import Tree

GOOD = {
    "src/hawser/hawser.h": "#include <hawser/defer/deferred.h>\n",
    "src/hawser/base/failure.h": "#include <hawser/config.h>\n",
    "src/hawser/base/failure.cpp": "#include <fmt/format.h>\n#include <hawser/base/failure.h>\n",
    "src/hawser/defer/deferred.h": "#include <hawser/base/failure.h>\n",
    "src/hawser/defer/detail/link.h": "",
    "src/hawser/testing/fake_clock.h": "#include <hawser/defer/deferred.h>\n",
    "apps/poetry/main.cpp": "#include <hawser/hawser.h>\n",
    "tests/defer/deferred_cancel_test.cpp": "#include <hawser/defer/detail/link.h>\n",
}


class CheckLayers(unittest.TestCase):
    def errors(self, files=None):
        """What is found in the good tree with one file more, or another text in one of its files."""
        with tempfile.TemporaryDirectory() as folder:
            for name, text in {**GOOD, **(files or {})}.items():
                path = pathlib.Path(folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            tree = Tree(folder)
            tree.check()
            self.warnings = tree.warnings
            return tree.errors

    def assert_found(self, name, text, error):
        self.assertEqual(self.errors({name: text}), [error])

    def test_a_good_tree_has_no_errors(self):
        self.assertEqual(self.errors(), [])

    def test_a_tree_without_a_library_is_an_error(self):
        with tempfile.TemporaryDirectory() as folder:
            tree = Tree(folder)
            tree.check()
            self.assertEqual(len(tree.errors), 1)

    def test_a_lower_layer_must_not_include_a_higher_one(self):
        self.assert_found(
            "src/hawser/base/result.h",
            "\n#include <hawser/defer/deferred.h>\n",
            "src/hawser/base/result.h:2: the layer base must not include hawser/defer/deferred.h",
        )

    def test_nothing_includes_testing(self):
        include = "#include <hawser/testing/fake_clock.h>\n"
        self.assert_found(
            "src/hawser/web/site.h",
            include,
            "src/hawser/web/site.h:1: the layer web must not include hawser/testing/fake_clock.h",
        )
        self.assert_found(
            "src/hawser/hawser.h",
            include,
            "src/hawser/hawser.h:1: hawser/hawser.h must not include hawser/testing/fake_clock.h",
        )

    def test_the_umbrella_header_is_for_users(self):
        self.assert_found(
            "src/hawser/defer/gather.h",
            "#include <hawser/hawser.h>\n",
            "src/hawser/defer/gather.h:1: the library does not include its own hawser/hawser.h",
        )

    def test_an_include_names_a_file_that_exists(self):
        self.assert_found(
            "src/hawser/defer/gather.h",
            "#include <hawser/base/gone.h>\n",
            "src/hawser/defer/gather.h:1: there is no hawser/base/gone.h",
        )

    def test_the_library_includes_by_full_name(self):
        self.assert_found(
            "src/hawser/defer/gather.h",
            '#include "deferred.h"\n',
            'src/hawser/defer/gather.h:1: write #include <hawser/...> instead of "deferred.h"',
        )

    def test_fmt_stays_out_of_headers(self):
        self.assert_found(
            "src/hawser/base/result.h",
            "#include <fmt/core.h>\n",
            "src/hawser/base/result.h:1: fmt is a private dependency: include it in .cpp files only",
        )

    def test_a_source_has_its_header_beside_it(self):
        self.assert_found(
            "src/hawser/defer/gather.cpp",
            "",
            "src/hawser/defer/gather.cpp:1: its header gather.h does not stand beside it",
        )

    def test_every_file_is_in_a_known_layer(self):
        self.assertEqual(len(self.errors({"src/hawser/misc/helper.h": ""})), 1)
        self.assertEqual(len(self.errors({"src/hawser/helper.h": ""})), 1)

    def test_programs_use_public_headers_only(self):
        self.assert_found(
            "examples/peek.cpp",
            "#include <hawser/defer/detail/link.h>\n",
            "examples/peek.cpp:1: examples/ uses public headers only, not hawser/defer/detail/link.h",
        )

    def test_a_test_names_the_concept_it_tests(self):
        self.assert_found(
            "tests/defer/misc_test.cpp",
            "",
            "tests/defer/misc_test.cpp:1: misc begins with the name of no header of defer",
        )

    def test_a_long_file_is_only_a_warning(self):
        self.assertEqual(self.errors({"src/hawser/base/long.h": "\n" * 401}), [])
        self.assertEqual(
            self.warnings, ["src/hawser/base/long.h: 401 lines; is it still one concept?"]
        )


if __name__ == "__main__":
    unittest.main()
