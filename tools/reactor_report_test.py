"""Tests of reactor_report.py."""

import unittest

from reactor_report import BASE, median, plot, ratio, ratio_cell


def rounds_of(own, base):
    """CPU times of rounds; None is a run that failed."""
    def figures(values):
        return {"churn": [value and {"cpu_ns": value} for value in values]}
    return {"libuv": figures(own), BASE: figures(base)}


class Ratios(unittest.TestCase):
    def test_are_of_figures_of_the_same_round(self):
        rounds = rounds_of([11.0, 220.0, 33.0], [10.0, 100.0, 30.0])
        self.assertEqual(ratio(rounds, "libuv", "churn", "cpu_ns"), (1.1, 1.1, 2.2))

    def test_leave_out_rounds_in_which_one_of_the_two_failed(self):
        rounds = rounds_of([11.0, None, 33.0], [10.0, 100.0, None])
        self.assertEqual(ratio(rounds, "libuv", "churn", "cpu_ns"), (1.1, 1.1, 1.1))
        self.assertEqual(median(rounds, "libuv", "churn", "cpu_ns"), 11.0)

    def test_are_nothing_if_no_round_is_left(self):
        rounds = rounds_of([None], [10.0])
        self.assertIsNone(ratio(rounds, "libuv", "churn", "cpu_ns"))
        self.assertEqual(ratio_cell(None), "")


class Plot(unittest.TestCase):
    def test_shows_what_is_beyond_its_edge_as_a_number(self):
        rounds = {server: {measure: [{"cpu_ns": value}] for measure in
                           ("echo_64", "echo_1000", "bulk_64", "churn")}
                  for server, value in (("libuv", 47.0), (BASE, 10.0))}
        self.assertIn(">4.7</text>", plot(rounds, ["libuv", BASE]))


if __name__ == "__main__":
    unittest.main()
