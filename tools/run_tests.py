"""Runs the tests of a build folder with ctest and counts the single cases.

    run_tests.py BUILD_DIR [CTEST-ARG...]

A GoogleTest program counts as many as it has cases, as its report tells; every other entry counts as one.
The last line is `N passed, M failed`. Exit status: 0 if something ran and nothing failed.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

REPORT_OPTION = "--gtest_output=json:"


def report_files(build_dir, ctest_args):
    """The report that each GoogleTest entry writes, by the entry's name."""
    command = ["ctest", "--test-dir", build_dir, "--show-only=json-v1", *ctest_args]
    listing = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    reports = {}
    for test in listing["tests"]:
        for argument in test.get("command", []):
            if argument.startswith(REPORT_OPTION):
                reports[test["name"]] = pathlib.Path(argument.removeprefix(REPORT_OPTION))
    return reports


def without_passing_cases(lines):
    """What ctest prints, less the RUN and OK lines of GoogleTest's cases that pass and say nothing."""
    started = b""
    for line in lines:
        if line.startswith(b"[ RUN      ]"):
            yield started
            started = line
        elif line.startswith(b"[       OK ]"):
            started = b""
        else:
            yield started + line
            started = b""
    yield started


def run_ctest(build_dir, ctest_args):
    """Whether each entry succeeded, by name; None for one that is switched off."""
    with tempfile.TemporaryDirectory() as folder:
        junit = pathlib.Path(folder, "junit.xml")
        # One more than there are processors: some of them wait for others most of the time.
        command = ["ctest", "--test-dir", build_dir, "--parallel", str(os.cpu_count() + 1)]
        command += ["--output-on-failure", "--output-junit", str(junit), *ctest_args]
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as ctest:
            for text in without_passing_cases(ctest.stdout):
                sys.stdout.buffer.write(text)
                sys.stdout.flush()
        if not junit.exists():
            return {}
        # Anything but "run" is a failure; so is a program that was not built ("notrun").
        return {
            case.get("name"): None if case.get("status") == "disabled" else case.get("status") == "run"
            for case in xml.etree.ElementTree.parse(junit).iter("testcase")
        }


class Count:
    def __init__(self):
        self.passed = 0
        self.skipped = 0
        self.failed = []

    def add_entry(self, name, succeeded):
        if succeeded is None:
            self.skipped += 1
        elif succeeded:
            self.passed += 1
        else:
            self.failed.append(name)

    def add_report(self, name, succeeded, report):
        """A GoogleTest program: each of its cases, and itself if it failed in another way."""
        failed_before = len(self.failed)
        try:
            suites = json.loads(report.read_text(encoding="utf-8"))["testsuites"]
        except (OSError, ValueError, KeyError):
            self.failed.append(f"{name}: it ended before it wrote its report")
            return
        for suite in suites:
            for case in suite["testsuite"]:
                if case.get("failures"):
                    self.failed.append(f"{name}: {suite['name']}.{case['name']}")
                elif case.get("result") != "COMPLETED":
                    self.skipped += 1
                else:
                    self.passed += 1
        if not succeeded and len(self.failed) == failed_before:
            self.failed.append(f"{name}: its cases passed, but the program failed")


def main():
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    build_dir, ctest_args = sys.argv[1], sys.argv[2:]
    reports = report_files(build_dir, ctest_args)
    for report in reports.values():
        report.unlink(missing_ok=True)

    count = Count()
    for name, succeeded in run_ctest(build_dir, ctest_args).items():
        if name in reports and succeeded is not None:
            count.add_report(name, succeeded, reports[name])
        else:
            count.add_entry(name, succeeded)

    print()
    for name in count.failed:
        print(f"FAILED  {name}")
    summary = f"{count.passed} passed, {len(count.failed)} failed"
    if count.skipped:
        summary += f", {count.skipped} skipped"
    print(summary, flush=True)
    return 0 if count.passed and not count.failed else 1


if __name__ == "__main__":
    sys.exit(main())
