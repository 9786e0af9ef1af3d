"""Tests of count_instructions.py: how figures are held against their ceilings."""

import unittest

from count_instructions import Ceiling, judge, read_ceilings

CEILINGS = {"hawser/one": Ceiling(180, 200)}


class ReadCeilings(unittest.TestCase):
    def test_takes_name_aim_and_ceiling_and_leaves_comments_out(self):
        self.assertEqual(read_ceilings("# heading\n\nhawser/one 180 200  # why\n"), CEILINGS)

    def test_an_operation_may_have_no_aim(self):
        self.assertEqual(read_ceilings("hawser/loop - 600\n"), {"hawser/loop": Ceiling(None, 600)})


class Judge(unittest.TestCase):
    def faults(self, figures):
        return judge(figures, CEILINGS)[0]

    def test_a_figure_within_a_tenth_of_its_ceiling_passes_in_silence(self):
        for figure in (180, 200, 220):
            self.assertEqual(judge({"hawser/one": figure}, CEILINGS), ([], []))

    def test_more_than_a_tenth_over_the_ceiling_is_a_fault(self):
        self.assertIn("hawser/one: 221 instructions", self.faults({"hawser/one": 221})[0])

    def test_well_below_the_ceiling_asks_to_lower_it(self):
        faults, hints = judge({"hawser/one": 170}, CEILINGS)
        self.assertEqual(faults, [])
        self.assertIn("lower that", hints[0])

    def test_an_operation_that_does_not_survive_is_a_fault(self):
        self.assertIn("does not run to its end", self.faults({"hawser/one": None})[0])

    def test_an_operation_without_a_ceiling_is_a_fault(self):
        self.assertIn("no ceiling yet", self.faults({"hawser/one": 200, "hawser/two": 5})[0])

    def test_a_ceiling_without_an_operation_is_a_fault(self):
        self.assertIn("no such operation", self.faults({})[0])


if __name__ == "__main__":
    unittest.main()
