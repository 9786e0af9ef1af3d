"""Checks the shape of the source tree: which layer includes which, and what files are called.

    check_layers.py ROOT

Every finding is one line, `file:line: what is wrong`. Exit status: 0 none, 1 some. A file that has grown
long is reported too, but does not fail.
"""

import pathlib
import re
import sys

# Each layer and what it may include besides itself.
LAYERS = {
    "base": [],
    "defer": ["base"],
    "reactor": ["base", "defer"],
    "net": ["base", "defer", "reactor"],
    "protocols": ["base", "defer", "reactor", "net"],
    "web": ["base", "defer", "reactor", "net", "protocols"],
    "db": ["base", "defer", "reactor", "net", "protocols"],
    "testing": ["base", "defer", "reactor", "net"],
}
UMBRELLA = "hawser/hawser.h"
GENERATED = {"hawser/config.h"}
LONG_FILE = 400

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


class Tree:
    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.errors = []
        self.warnings = []

    def files(self, folder, *suffixes):
        found = (p for p in (self.root / folder).rglob("*") if p.is_file() and p.suffix in suffixes)
        return sorted(found)

    def error(self, path, line, what):
        self.errors.append(f"{path.relative_to(self.root)}:{line}: {what}")

    def includes(self, path):
        """(line number, opening bracket, what is included) for each include of a file."""
        text = path.read_text(encoding="utf-8")
        for number, line in enumerate(text.splitlines(), start=1):
            match = INCLUDE.match(line)
            if match:
                yield number, match[1], match[2]

    def has_header(self, path):
        """A source file has a header of its name; x_part.cpp may be a part of what x.h declares."""
        words = path.stem.split("_")
        return any(path.with_name("_".join(words[:count]) + ".h").exists()
                   for count in range(1, len(words) + 1))

    def check_library(self):
        source = self.root / "src"
        for path in self.files("src/hawser", ".h", ".cpp"):
            name = path.relative_to(source)
            if len(name.parts) == 2:
                if name.as_posix() != UMBRELLA:
                    self.error(path, 1, f"only {UMBRELLA} lies outside the layers")
                layer, allowed = None, [layer for layer in LAYERS if layer != "testing"]
            else:
                layer = name.parts[1]
                if layer not in LAYERS:
                    self.error(path, 1, f"there is no layer {layer}; there are {', '.join(LAYERS)}")
                    continue
                allowed = [layer, *LAYERS[layer]]
            for line, bracket, target in self.includes(path):
                self.check_include(path, line, bracket, target, layer, allowed)
            if path.suffix == ".cpp" and not self.has_header(path):
                self.error(path, 1, f"its header {path.stem}.h does not stand beside it")

    def check_include(self, path, line, bracket, target, layer, allowed):
        """One include of the library."""
        if bracket == '"':
            self.error(path, line, f'write #include <hawser/...> instead of "{target}"')
        elif target.startswith("fmt/") and path.suffix == ".h":
            self.error(path, line, "fmt is a private dependency: include it in .cpp files only")
        elif target == UMBRELLA:
            self.error(path, line, f"the library does not include its own {UMBRELLA}")
        elif target.startswith("hawser/") and target not in GENERATED:
            if not (self.root / "src" / target).exists():
                self.error(path, line, f"there is no {target}")
            elif target.split("/")[1] not in allowed:
                what = f"the layer {layer}" if layer else UMBRELLA
                self.error(path, line, f"{what} must not include {target}")

    def check_programs(self):
        for folder in ("apps", "examples"):
            for path in self.files(folder, ".h", ".cpp"):
                for line, _, target in self.includes(path):
                    if target.startswith("hawser/") and "/detail/" in target:
                        self.error(path, line, f"{folder}/ uses public headers only, not {target}")

    def check_tests(self):
        for path in self.files("tests", ".cpp"):
            folder, *rest = path.relative_to(self.root / "tests").parts
            if len(rest) != 1 or not path.stem.endswith("_test"):
                continue
            if folder == "apps":
                headers = self.files("apps", ".h")
            elif folder in LAYERS:
                headers = self.files(f"src/hawser/{folder}", ".h")
            else:
                self.error(path, 1, f"there is no layer {folder} to test")
                continue
            # deferred_cancel_test.cpp: an aspect of the concept `deferred`.
            concept = path.stem.removesuffix("_test")
            if not any(f"{concept}_".startswith(f"{header.stem}_") for header in headers):
                self.error(path, 1, f"{concept} begins with the name of no header of {folder}")

    def check_lengths(self):
        for folder in ("src", "apps", "examples", "tests"):
            for path in self.files(folder, ".h", ".cpp"):
                length = len(path.read_text(encoding="utf-8").splitlines())
                if length > LONG_FILE:
                    name = path.relative_to(self.root)
                    self.warnings.append(f"{name}: {length} lines; is it still one concept?")

    def check(self):
        if not self.files("src/hawser", ".h"):
            self.errors.append(f"{self.root}/src/hawser: there is no library here")
        self.check_library()
        self.check_programs()
        self.check_tests()
        self.check_lengths()


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    tree = Tree(sys.argv[1])
    tree.check()
    for warning in tree.warnings:
        print(f"long file: {warning}")
    for error in tree.errors:
        print(error)
    return 1 if tree.errors else 0


if __name__ == "__main__":
    sys.exit(main())
