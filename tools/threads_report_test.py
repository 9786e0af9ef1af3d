"""Tests of threads_report.py."""

import json
import tempfile
import unittest
from pathlib import Path

from threads_report import report


def measured():
    operations = ("post_1", "post_4", "round_trip", "job_1", "job_64")
    peers = {"limit": [100.0, 50.0, 10.0], "hawser": [110.0, 60.0, 30.0], "asio": [200.0] * 3}
    echo = [{"per_second": 1000.0, "cpu_ns": 5000.0, "p50_us": 60.0, "p99_us": 90.0}]
    return {
        "date": "2026-11-21", "linux": "6.18.44", "load": 0.1, "cores": 2, "rounds": 3,
        "times": {operation: dict(peers) for operation in operations},
        "counts": {"post_1": {"hawser": {"instructions": 113.4, "system_calls": 0.004}}},
        "echo": {f"{peer} {threads}": echo for peer in ("hawser", "limit") for threads in (1, 2)},
    }


class Report(unittest.TestCase):
    def setUp(self):
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "threads.json").write_text(json.dumps(measured()))
            self.text = report(Path(folder))

    def test_gives_medians_and_the_median_of_the_ratios_of_each_round(self):
        self.assertIn("| a posted call, from 1 thread | 50 | 60 (1.20x) | 200 (4.00x) |", self.text)

    def test_leaves_out_who_was_not_measured(self):
        self.assertNotIn("KJ", self.text)

    def test_shows_what_was_counted(self):
        self.assertIn("| a posted call, from 1 thread |  | 113 / 0.00 |  |", self.text)

    def test_shows_echo_by_one_and_by_two(self):
        self.assertIn("| Hawser, 2 reactors | 1,000 | 5.00 | 60 | 90 |", self.text)


if __name__ == "__main__":
    unittest.main()
