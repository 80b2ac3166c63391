"""Tests of the goals and of how records are held against them."""

import unittest
from dataclasses import replace

import goals
import ops
from example_cases import kl_case
from plans import FORWARD, GRADIENT


def record(provider: str, p50: float, **other: object) -> dict[str, object]:
    return {
        "op": "tempered-kl", "shape": [8192, 32000], "dtype": "bfloat16", "form": "", "mode": GRADIENT, "cache": "cold",
        "provider": provider, "p50_us": p50, "bytes_min": 3 * 8192 * 32000 * 2, "pct_copy": 90.0, "launches": 1.0} | other


class GoalTests(unittest.TestCase):
    def test_factors_take_the_fastest_form_of_a_peer(self) -> None:
        records = [
            record("kdkernels", 400), record("eager", 3000), record("torch.compile-default", 900),
            record("torch.compile-reduce-overhead", 500), record("cuda-twin", 380)]
        found = {str(verdict.goal): (verdict.measured, verdict.met) for verdict in goals.judge(records)}
        self.assertEqual(found[">= 80 % of copy"], (90, True))
        self.assertEqual(found[">= 5 x eager"], (7.5, True))
        self.assertEqual(found[">= 1.5 x torch.compile"], (1.25, False))
        self.assertEqual(found[">= 2.5 x liger"], (None, None))
        self.assertEqual(found[">= 0.9 x cuda-twin"], (0.95, True))
        self.assertEqual(len(found), 5)

    def test_small_shapes_are_judged_by_time_and_launches(self) -> None:
        small = {"shape": [256, 1000], "bytes_min": 3072000}
        verdicts = goals.judge([
            record("kdkernels", 6, **small), record("kdkernels", 3, **small, mode=FORWARD),
            record("kdkernels", 2, **small, cache="warm")])
        self.assertEqual([(str(v.goal), v.met) for v in verdicts], [
            ("<= 5 us", False), ("<= 1 launches", True), ("<= 5 us", True), ("<= 1 launches", True)])
        two = goals.judge([record("kdkernels", 6, **small, op="dual-relu", launches=2.0)])
        self.assertEqual(two, [])
        self.assertIn("MISSED", goals.lines(verdicts)[0])

    def test_cases_with_a_goal_of_their_own_come_first_in_the_order_of_the_plan(self) -> None:
        small, large, other = kl_case(), kl_case(8192, 32000), replace(kl_case(8192, 32000), op="jsd")
        self.assertEqual(goals.telling_first([other, small, large]), [large, other, small])
        self.assertTrue(goals.compares(large, "torch.compile"))
        self.assertFalse(goals.compares(other, "torch.compile"))

    def test_every_goal_is_of_an_op_that_is_known(self) -> None:
        self.assertEqual({goal.op for goal in goals.GOALS} - ops.catalog().keys() - {"*"}, set())


if __name__ == "__main__":
    unittest.main()
