"""Tests of the harness that need no GPU: `python3 -m unittest discover` in this folder.

Those that need a plan find it in KD_PLAN, the file that `KdKernels.Bench plan` wrote. KD_RESULTS names what the library
itself computed of small cases on the CPU; the C# tests write it.
"""

import base64
import contextlib
import ctypes
import io
import json
import math
import os
import struct
import sys
import tempfile
import unittest
from dataclasses import replace
from pathlib import Path
from unittest import mock

import torch

import bench
import compare_runs
import inputs
import measure
import ops
import ours
import philox
import plans
import providers
import reference
import tune
from example_cases import kl_case, spec
from plans import FORWARD, GRADIENT, Candidate, Case, Launch, Mode, Relocation, TensorSpec

CPU = torch.device("cpu")
PLAN = plans.found()


class InputTests(unittest.TestCase):
    def test_inputs_come_from_their_seed(self) -> None:
        case = kl_case(dtype="bfloat16")
        first, again, other = (inputs.make(case, CPU, seed) for seed in (1, 1, 2))
        self.assertTrue(torch.equal(first["student"], again["student"]))
        self.assertFalse(torch.equal(first["student"], other["student"]))
        self.assertEqual(first["teacher"].dtype, torch.bfloat16)
        self.assertTrue(first["student"].requires_grad and not first["teacher"].requires_grad)

    def test_every_way_of_drawing(self) -> None:
        generator = torch.Generator().manual_seed(1)

        def drawn(draw: dict[str, object], dtype: str = "float32") -> torch.Tensor:
            return inputs.draw(spec("x", 50, 40, dtype=dtype, draw=draw), {}, generator, CPU)

        normal = drawn({"kind": "normal", "scale": 3})
        self.assertAlmostEqual(normal.std().item(), 3, delta=0.3)
        uniform = drawn({"kind": "uniform", "low": 0.5, "high": 2})
        self.assertTrue(bool((uniform >= 0.5).all()) and bool((uniform <= 2).all()))
        rows = drawn({"kind": "unit-rows"})
        torch.testing.assert_close(rows.norm(dim=1), torch.ones(50))
        integers = drawn({"kind": "integers", "high": 7}, "int64")
        self.assertEqual((int(integers.min()), int(integers.max())), (0, 6))
        mask = drawn({"kind": "mask", "scale": 0.25}, "bool")
        self.assertAlmostEqual(mask.float().mean().item(), 0.25, delta=0.05)
        self.assertTrue(bool((drawn({"kind": "fill", "scale": 1}) == 1).all()))
        with self.assertRaisesRegex(inputs.InputError, "way of drawing x"):
            drawn({"kind": "sobol"})

    def test_slices_of_a_large_input_cover_it(self) -> None:
        with mock.patch.object(inputs, "SLICE", 22):
            student = inputs.make(kl_case(), CPU, 3)["student"]
        self.assertEqual(student.shape, (7, 11))
        self.assertGreater(student.detach().abs().min().item(), 0)

    def test_channels_last_is_a_matter_of_strides(self) -> None:
        tensor = replace(spec("x", 2, 3, 4, 5), memory="channels-last").empty(CPU)
        self.assertEqual((tuple(tensor.shape), tensor.stride()), ((2, 3, 4, 5), (60, 1, 15, 3)))


class PhiloxTests(unittest.TestCase):
    def test_words_are_those_of_the_papers_authors(self) -> None:
        """Salmon et al.'s known answers, which the library's own tests have as well."""
        for seed, counter, expected in (
                (0, (0, 0, 0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
                ((1 << 64) - 1, (philox.MASK,) * 4, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
                (0x299F31D0A4093822, (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
                 (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1))):
            c0, c1, c2, c3 = (torch.tensor([word]) for word in counter)
            self.assertEqual(tuple(int(word) for word in philox.block(seed, (c0, c1, c2, c3))), expected)

    def test_normals_are_normal_and_a_sample_does_not_depend_on_the_others(self) -> None:
        many = philox.normals(7, philox.NOISE_PROBE, 3, torch.arange(40), 1001)
        self.assertAlmostEqual(many.mean().item(), 0, delta=0.02)
        self.assertAlmostEqual(many.std().item(), 1, delta=0.02)
        one = philox.normals(7, philox.NOISE_PROBE, 3, torch.tensor([5]), 1001)
        self.assertTrue(torch.equal(one[0], many[5]))


class PlanFileTests(unittest.TestCase):
    def test_another_format_is_refused(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "plan.json")
            path.write_text('{"format": 2}', encoding="utf-8")
            with self.assertRaisesRegex(plans.PlanError, "format 1 .* but got 2"):
                plans.read(path)

    def test_an_address_goes_where_the_plan_says(self) -> None:
        launch = Launch(
            "Stem/name", "name.ptx", "", "entry", 1, 32, 0, struct.pack("<QqQi", 0, 8, 0, 77) + bytes(4),
            (Relocation(0, "x", 0), Relocation(16, "workspace", 256)))
        x, workspace = torch.zeros(8), torch.zeros(300, dtype=torch.uint8)
        packed = ours.argument(launch, {"x": x, "workspace": workspace})
        self.assertEqual(
            struct.unpack_from("<QqQi", packed), (x.data_ptr(), 8, workspace.data_ptr() + 256, 77))
        with self.assertRaisesRegex(ours.KernelError, "takes workspace, which the case does not have"):
            ours.argument(launch, {"x": x})

    def test_launches_go_out_in_order_with_patched_arguments(self) -> None:
        launches = tuple(
            Launch("S/k", "k.ptx", "", entry, grid, 64, 0, bytes(16), (Relocation(8, "loss", 0),))
            for entry, grid in (("count", 3), ("main", 5)))
        mode = Mode(FORWARD, 0, 0, (spec("loss"),), (Candidate("v", 1, True, 8, launches),))
        driver = mock.Mock()
        kernels = mock.Mock(driver=driver, function=lambda launch: ctypes.c_void_p(len(launch.entry)))
        stream = mock.Mock(cuda_stream=9)
        with mock.patch("torch.cuda.current_stream", return_value=stream):
            out = ours.Launcher(kernels, mode, mode.candidates[0], CPU)({})
        calls = driver.launch.call_args_list
        self.assertEqual([(call.args[0].value, call.args[1], call.args[2]) for call in calls], [(5, (3,), 64), (4, (5,), 64)])
        for call in calls:
            (buffer,) = call.args[4]
            self.assertEqual(struct.unpack("<QQ", bytes(buffer)), (0, out["loss"].data_ptr()))
            self.assertEqual(call.args[5], 9)

    def test_a_missing_or_other_ptx_file_is_named(self) -> None:
        launch = Launch("S/k", "k.ptx", "00", "k", 1, 32, 0, b"", ())
        with tempfile.TemporaryDirectory() as folder:
            with self.assertRaisesRegex(ours.KernelError, "k.ptx but it does not exist"):
                ours.text_of(Path(folder), launch)
            Path(folder, "k.ptx").write_bytes(b"other")
            with self.assertRaisesRegex(ours.KernelError, "expected SHA-256 00"):
                ours.text_of(Path(folder), launch)


class ReferenceTests(unittest.TestCase):
    def exact(self, case: Case) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
        x = inputs.make(case, CPU, 3)
        doubled = {name: tensor.detach().double() for name, tensor in x.items()}
        doubled["student"].requires_grad_()
        return x, dict(providers.composed("eager", case, ops.of(case).eager).calls[GRADIENT](doubled))

    def test_slices_change_nothing(self) -> None:
        case = kl_case()
        x, outputs = self.exact(case)
        with mock.patch.object(reference, "SLICE", 22):
            self.assertEqual(len(list(reference.slices(case, x))), 4)
            found = reference.errors(case, x, outputs)
        assert found.gradient is not None
        self.assertLess(max(found.value, found.gradient), 1e-12)

    def test_sees_a_wrong_scale_and_an_unwritten_element(self) -> None:
        case = kl_case()
        x, outputs = self.exact(case)
        found = reference.errors(
            case, x, {"loss": outputs["loss"] * 1.01, "student_gradient": outputs["student_gradient"] * 0.5})
        self.assertAlmostEqual(found.value, 0.01, places=9)
        self.assertAlmostEqual(found.gradient or 0, 0.5, places=9)
        outputs["student_gradient"][3, 4] = float("nan")
        self.assertTrue(math.isnan(reference.errors(case, x, outputs).gradient or 0))

    def test_a_result_without_anything_to_compare_is_no_small_error(self) -> None:
        self.assertTrue(math.isnan(reference.worst([])))
        self.assertTrue(math.isnan(reference.worst([0.0, math.nan])))


class MeasureTests(unittest.TestCase):
    def test_quantiles_interpolate(self) -> None:
        found = measure.Quantiles.of([5, 1, 3, 2, 4, 6])
        self.assertEqual((found.p20, found.p50, found.p80, found.rounds), (2, 3.5, 5, 6))

    def test_input_sets_exceed_three_times_the_cache(self) -> None:
        self.assertEqual(measure.input_sets(10, 100), 30)
        self.assertEqual(measure.input_sets(7, 100), 43)
        self.assertEqual(measure.input_sets(1000, 100), 1)
        self.assertEqual(measure.input_sets(1, 60 << 20), 512)

    def test_rounds_alternate_their_direction(self) -> None:
        self.assertEqual([measure.rounds_backwards(3, n) for n in range(3)], [[0, 1, 2], [2, 1, 0], [0, 1, 2]])

    def test_turns_alternate_strictly(self) -> None:
        order: list[str] = []
        timed = [measure.Timed(name, lambda name=name: order.append(name), 1, "wall") for name in "AB"]
        measure.alternate(timed, rounds=3, seconds=60)
        self.assertEqual("".join(order), "AB" + "AB" + "BA" + "AB")
        self.assertEqual(timed[0].quantiles().rounds, 3)


@unittest.skipIf(PLAN is None, "KD_PLAN names no plan")
class PlannedTests(unittest.TestCase):
    """Every op's composition against its reference, and the plan against the PTX files."""

    def setUp(self) -> None:
        assert PLAN is not None
        self.plans = plans.read(PLAN)

    def test_every_planned_op_has_a_composition(self) -> None:
        self.assertEqual({case.op for case in self.plans.cases} - ops.catalog().keys(), set())

    def test_no_case_is_there_twice(self) -> None:
        names = [str(case) for case in self.plans.cases]
        self.assertEqual(len(names), len(set(names)))

    def test_compositions_agree_with_their_references_in_float64(self) -> None:
        for case in bench.dry_cases(list(self.plans.cases)):
            with self.subTest(str(case)):
                x = {
                    name: tensor.detach().double() if tensor.is_floating_point() else tensor
                    for name, tensor in inputs.make(case, CPU, 3).items()}
                for name in case.wanted:
                    x[name].requires_grad_()
                functions = dict(ops.of(case).peers)
                if not ops.of(case).draws:
                    functions["eager"] = ops.of(case).eager
                for name, function in functions.items():
                    provider = providers.composed(name, case, function, differentiable=name not in ops.of(case).forward_only)
                    mode = GRADIENT if GRADIENT in provider.calls else FORWARD
                    with mock.patch.object(reference, "SLICE", max(1, x[next(iter(x))].numel() // 3)):
                        found = reference.errors(case, x, provider.calls[mode](x))
                    self.assertLess(found.value, 1e-7, name)
                    if mode == GRADIENT:
                        self.assertLess(found.gradient if found.gradient is not None else 1, 1e-7, name)

    def test_outputs_have_the_planned_shapes_and_dtypes(self) -> None:
        for case in bench.dry_cases(list(self.plans.cases)):
            with self.subTest(str(case)):
                x = inputs.make(case, CPU, 3)
                outputs = providers.composed("eager", case, ops.of(case).eager).calls[FORWARD](x)
                planned = {output.name: output for output in case.mode(FORWARD).outputs}
                self.assertEqual(next(iter(outputs)), case.mode(FORWARD).outputs[0].name)
                for name, output in outputs.items():
                    self.assertEqual(tuple(output.shape), planned[name].shape, name)

    def test_every_operand_of_a_launch_is_there(self) -> None:
        for case in self.plans.cases:
            for mode in case.modes:
                names = {one.name for one in (*case.inputs, *mode.outputs)} | {plans.WORKSPACE}
                for candidate in mode.candidates:
                    for launch in candidate.launches:
                        self.assertLessEqual({place.tensor for place in launch.relocations}, names, f"{case} {mode.mode}")
                        self.assertEqual(len(launch.argument) % 8, 0)

    def test_a_tuning_dry_run_finds_every_ptx_file(self) -> None:
        folder = committed_kernels()
        if folder is None:
            self.skipTest("there are no kernels beside this folder")
        arguments = ["tune.py", "--device", "cpu", "--plan", str(PLAN), "--ptx", str(folder), "--out", "unused"]
        with mock.patch.object(sys, "argv", arguments), contextlib.redirect_stdout(io.StringIO()):
            self.assertEqual(tune.main(), 0)

    def test_a_dry_run_writes_a_record_per_op_shape_and_mode(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "records.jsonl")
            arguments = [
                "bench.py", "--device", "cpu", "--plan", str(PLAN), "--out", str(path), "--match",
                "tempered-kl [1024,100] float32;hinton-loss [1024,100] float32"]
            with mock.patch.object(sys, "argv", arguments), mock.patch.object(bench, "ROUNDS", 5), \
                    contextlib.redirect_stdout(io.StringIO()):
                self.assertEqual(bench.main(), 0)
            lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        self.assertEqual(lines[0]["machine"]["gpu"], "none")
        records = [line for line in lines if "p50_us" in line]
        self.assertEqual(
            [(r["op"], r["mode"]) for r in records],
            [(op, mode) for op in ("hinton-loss", "tempered-kl") for mode in (FORWARD, GRADIENT, "autograd")])
        for one in records:
            self.assertLessEqual(one["p20_us"], one["p50_us"])
            self.assertLess(one["rel_err"], 1e-5)
            self.assertEqual(one["fingerprint"], lines[0]["machine"]["id"])
        self.assertEqual(lines[-1]["failures"], [])


@unittest.skipIf(PLAN is None or not os.environ.get("KD_RESULTS"), "KD_PLAN and KD_RESULTS name no files")
class LibraryResultTests(unittest.TestCase):
    """The references against the library's own CPU implementation, which is proved elsewhere: both mean the same op."""

    def test_references_agree_with_the_library(self) -> None:
        assert PLAN is not None
        cases = {str(case): case for case in plans.read(PLAN).cases}
        results = json.loads(Path(os.environ["KD_RESULTS"]).read_text(encoding="utf-8"))
        seen = set()
        for result in results:
            case = cases[result["case"]]
            with self.subTest(result["case"]):
                specs = {one.name: one for one in (*case.inputs, *case.mode(result["mode"]).outputs)}
                given = {name: tensor_of(specs[name], text) for name, text in result["tensors"].items()}
                x = {one.name: given.pop(one.name) for one in case.inputs}
                found = reference.errors(case, x, given)
                self.assertLess(found.value, 1e-5)
                if case.wanted:
                    self.assertLess(found.gradient if found.gradient is not None else 1, 1e-5)
                seen.add(case.op)
        self.assertEqual(seen, {case.op for case in cases.values()}, "an op without a small float32 case")


def tensor_of(one: TensorSpec, text: str) -> torch.Tensor:
    flat = torch.frombuffer(bytearray(base64.b64decode(text)), dtype=plans.DTYPES[one.dtype])
    if one.memory == "channels-last":
        count, channels, height, width = one.shape
        return flat.view(count, height, width, channels).permute(0, 3, 1, 2)
    return flat.view(one.shape)


def committed_kernels() -> Path | None:
    """Beside this folder in the archive, in kernels/ptx in the source tree."""
    here = Path(__file__).resolve().parent
    folders = (here.parent / "ptx", here.parent.parent / "kernels" / "ptx")
    return next((folder for folder in folders if (folder / "manifest.json").exists()), None)


class BenchTests(unittest.TestCase):
    def test_our_own_wrong_result_fails_the_run(self) -> None:
        records = bench.Records(mock.Mock(), "id")
        for errors in (reference.Errors(1e-3, 0.0), reference.Errors(0.0, 1e-3), reference.Errors(0.0, None),
                       reference.Errors(math.nan, 0.0)):
            records.failures.clear()
            bench.check_ours(kl_case(), GRADIENT, bench.Quality(errors, None, True), records)
            self.assertEqual(len(records.failures), 1, errors)
        bench.check_ours(kl_case(), GRADIENT, bench.Quality(reference.Errors(0, 0), None, False), records)
        self.assertIn("different bits", records.failures[-1])

    def test_bits_are_compared_and_not_values(self) -> None:
        nan, zero = torch.tensor([math.nan]), torch.tensor([0.0])
        self.assertTrue(bench.same_bits(nan, nan.clone()))
        self.assertFalse(bench.same_bits(zero, -zero))

    def test_gradients_of_a_fused_loss_reach_their_leaves(self) -> None:
        case = kl_case()
        x = inputs.make(case, CPU, 1)
        made = providers.composed("eager", case, ops.of(case).eager).calls[GRADIENT](x)
        seen: list[torch.Tensor] = []
        x["student"].register_hook(seen.append)
        providers.fused("ours", case, {GRADIENT: lambda _: made}).calls["autograd"](x)
        self.assertTrue(torch.equal(seen[0], made["student_gradient"]))
        self.assertIsNone(x["student"].grad)


class CompareRunsTests(unittest.TestCase):
    def test_close_losses_pass_and_far_or_missing_ones_do_not(self) -> None:
        first = {("teacher", 1): 1.0, ("teacher", 2): 0.5}
        self.assertEqual(compare_runs.differences(first, {("teacher", 1): 1.01, ("teacher", 2): 0.52}), [])
        self.assertEqual(len(compare_runs.differences(first, {("teacher", 1): 1.05, ("teacher", 2): 0.5})), 1)
        self.assertEqual(len(compare_runs.differences(first, {("teacher", 1): math.nan, ("teacher", 2): 0.5})), 1)
        self.assertEqual(len(compare_runs.differences(first, {("teacher", 1): 1.0})), 1)
        self.assertEqual(len(compare_runs.differences({}, {})), 1)


if __name__ == "__main__":
    unittest.main()
