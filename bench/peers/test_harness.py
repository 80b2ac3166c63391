"""Tests of the harness that need no GPU: `python3 -m unittest discover` in this folder."""

import hashlib
import json
import math
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
import measure
import ours
import providers
import reference
from cases import ALPHA, Case, Inputs, all_cases, make_inputs

CPU = torch.device("cpu")
LIMITS = ours.DeviceLimits(multiprocessors=132, l2_bytes=60 << 20, capability=90)
VIEWS = (
    "Student", "Teacher", "StudentGradient", "TeacherGradient", "Labels", "ClassWeights", "Upstream", "Loss", "Metrics",
         "Totals", "Partials", "Counters")
STRIDES = ("StudentStrides", "TeacherStrides", "StudentGradientStrides", "TeacherGradientStrides")
LONGS = ("Rows", "Inner", "IgnoreIndex")
WORDS = (
    "Classes", "Reduction", "Limit", "Counted", "Scale", "InverseTemperature", "LossFactor", "GradientFactor", "KlWeight",
         "CrossEntropyWeight", "Zero", "Reserved")


def kl_fields() -> tuple[tuple[ours.Field, ...], int]:
    """KlArguments as C lays it out."""
    fields, offset = [], 0
    for names, size in ((VIEWS, 16), (STRIDES, 24), (LONGS, 8), (WORDS, 4)):
        for name in names:
            fields.append(ours.Field(name, offset, size))
            offset += size
    return tuple(fields), offset


def kernel(kind: str, max_classes: int = 0, threads: int = 256,
    dtype: str = "float32", target: int = 75) -> ours.Kernel:
    fields, size = kl_fields()
    name = f"{dtype}-{kind}-{max_classes}"
    return ours.Kernel(
        "TemperedKl", name, kind, dtype, Path("none.ptx"), "", name, target, threads, max_classes, size, fields)


KERNELS = [
    kernel("general"), kernel("stream", threads=1024), kernel("block", 8192), kernel("block", 32768), kernel("warp", 128),
    kernel("warp", 1024), kernel("pixels"), kernel("split"), replace(kernel("count"), element_type=""),
]


class CaseTests(unittest.TestCase):
    def test_bytes_are_each_input_once_and_the_gradient_once(self) -> None:
        unit = 8192 * 32000 * 2
        kl = Case("tempered-kl", (8192, 32000), "bfloat16")
        self.assertEqual((kl.minimal_bytes("forward"), kl.minimal_bytes("forward+gradient")), (2 * unit, 3 * unit))
        hinton = Case("hinton-loss", (256, 1000), "float32")
        self.assertEqual(hinton.minimal_bytes("autograd"), 3 * 256 * 1000 * 4 + 256 * 8)
        entropy = Case("softmax-entropy", (8, 21, 512, 512), "float32")
        self.assertEqual(entropy.rows, 8 * 512 * 512)
        self.assertEqual(entropy.minimal_bytes("forward"), entropy.elements * 4)

    def test_inputs_come_from_their_seed(self) -> None:
        case = Case("hinton-loss", (6, 5), "bfloat16")
        first, again, other = (make_inputs(case, CPU, seed) for seed in (1, 1, 2))
        self.assertTrue(torch.equal(first.student, again.student))
        self.assertFalse(torch.equal(first.student, other.student))
        assert first.teacher is not None and first.labels is not None
        self.assertEqual((first.student.dtype, first.labels.shape), (torch.bfloat16, (6,)))
        self.assertTrue(first.student.requires_grad and not first.teacher.requires_grad)

    def test_every_op_and_no_case_twice(self) -> None:
        cases = all_cases()
        self.assertEqual(len(cases), len(set(cases)))
        self.assertEqual({case.op for case in cases}, {"tempered-kl", "hinton-loss", "softmax-entropy"})


class ReferenceTests(unittest.TestCase):
    def composed_in_float64(self, case: Case) -> tuple[Inputs, torch.Tensor, torch.Tensor]:
        inputs = make_inputs(case, CPU, 3)
        exact = Inputs(
            inputs.student.detach().double().requires_grad_(),
            None if inputs.teacher is None else inputs.teacher.double(), inputs.labels)
        loss, gradient = providers.from_loss("eager", providers.COMPOSED[case.op]).gradient(exact)
        return inputs, loss, gradient

    def test_agrees_with_autograd_for_every_op(self) -> None:
        for case in (Case("tempered-kl", (7, 11), "float32"), Case("hinton-loss", (7, 11), "float32"),
                     Case("softmax-entropy", (3, 5, 4, 2), "float32")):
            inputs, loss, gradient = self.composed_in_float64(case)
            found = reference.errors(case, inputs, loss, gradient)
            self.assertLess(found.loss, 1e-12, case)
            assert found.gradient is not None
            self.assertLess(found.gradient, 1e-12, case)

    def test_slices_change_nothing(self) -> None:
        case = Case("tempered-kl", (7, 11), "float32")
        inputs, loss, gradient = self.composed_in_float64(case)
        with mock.patch.object(reference, "SLICE", 22):
            found = reference.errors(case, inputs, loss, gradient)
        assert found.gradient is not None
        self.assertLess(max(found.loss, found.gradient), 1e-12)

    def test_sees_a_wrong_scale_and_an_unwritten_element(self) -> None:
        case = Case("tempered-kl", (7, 11), "float32")
        inputs, loss, gradient = self.composed_in_float64(case)
        found = reference.errors(case, inputs, loss * 1.01, gradient * 0.5)
        self.assertAlmostEqual(found.loss, 0.01, places=9)
        self.assertAlmostEqual(found.gradient or 0, 0.5, places=9)
        gradient[3, 4] = float("nan")
        self.assertTrue(math.isnan(reference.errors(case, inputs, loss, gradient).gradient or 0))


class MeasureTests(unittest.TestCase):
    def test_quantiles_interpolate(self) -> None:
        found = measure.Quantiles.of([5, 1, 3, 2, 4, 6])
        self.assertEqual((found.p20, found.p50, found.p80, found.rounds), (2, 3.5, 5, 6))

    def test_input_sets_exceed_three_times_the_cache(self) -> None:
        self.assertEqual(measure.input_sets(10, 100), 30)
        self.assertEqual(measure.input_sets(7, 100), 43)
        self.assertEqual(measure.input_sets(1000, 100), 1)

    def test_rounds_alternate_their_direction(self) -> None:
        self.assertEqual([measure.rounds_backwards(3, n) for n in range(3)], [[0, 1, 2], [2, 1, 0], [0, 1, 2]])

    def test_turns_alternate_strictly(self) -> None:
        order: list[str] = []
        timed = [measure.Timed(name, lambda name=name: order.append(name), 1, "wall") for name in "AB"]
        measure.alternate(timed, rounds=3, seconds=60)
        self.assertEqual("".join(order), "AB" + "AB" + "BA" + "AB")
        self.assertEqual(timed[0].quantiles().rounds, 3)


class ManifestTests(unittest.TestCase):
    def test_reads_what_the_compiler_writes(self) -> None:
        fields, size = kl_fields()
        entry = {
            "name": "float32-warp-4", "kind": "warp", "elementType": "float32", "file": "TemperedKl/float32-warp-4.ptx",
            "sha256": "00", "entry": "TemperedKl_float32_warp_4", "target": "sm_75", "threads": 256, "maxClasses": 512,
            "parameters": [{"type": "KlArguments", "bytes": size, "fields": [vars(field) for field in fields]}]}
        document = {"format": 1, "stems": [{"stem": "TemperedKl", "kernels": [entry]}]}
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "manifest.json").write_text(json.dumps(document), encoding="utf-8")
            (found,) = ours.Manifest(Path(folder)).kernels
        self.assertEqual((found.stem, found.kind, found.target, found.max_classes), ("TemperedKl", "warp", 75, 512))
        self.assertEqual(found.fields, fields)
        self.assertEqual(found.rows_per_tile(), 8)

    def test_a_missing_manifest_is_named(self) -> None:
        with self.assertRaisesRegex(ours.KernelError, "manifest.json but it does not exist"):
            ours.Manifest(Path("/nonexistent"))


class ArgumentTests(unittest.TestCase):
    def pack(self, case: Case) -> tuple[bytes, Inputs, ours.Outputs, ours.Workspace]:
        inputs = make_inputs(case, CPU, 5)
        outputs = ours.Outputs(torch.zeros(()), torch.zeros(case.shape), None)
        workspace = ours.Workspace(torch.zeros(7, dtype=torch.float64), torch.zeros(64, dtype=torch.int32))
        return ours.pack(kernel("warp", 128), case, inputs, outputs, workspace, False), inputs, outputs, workspace

    def test_the_struct_has_every_value_at_its_place(self) -> None:
        case = Case("tempered-kl", (6, 5), "float32")
        packed, inputs, outputs, workspace = self.pack(case)
        views = struct.unpack_from("<24Q", packed)
        assert inputs.teacher is not None and outputs.gradient is not None and outputs.loss is not None
        expected = [inputs.student, inputs.teacher, outputs.gradient, None, None, None, None, outputs.loss, None, None,
                    workspace.partials, workspace.counters]
        for place, tensor in enumerate(expected):
            address, length = views[2 * place : 2 * place + 2]
            self.assertEqual((address, length), (0, 0) if tensor is None else (tensor.data_ptr(), tensor.numel()),
                VIEWS[place])
        self.assertEqual(struct.unpack_from("<12q", packed, 192), (5, 1, 1) * 4)
        self.assertEqual(struct.unpack_from("<3q", packed, 288), (6, 1, -100))
        self.assertEqual(struct.unpack_from("<4i", packed, 312), (5, 3, 0, 0))
        floats = struct.unpack_from("<6f", packed, 328)
        for found, wanted in zip(floats, (math.log2(math.e) / 4, 0.25, 16, 4, 1, 0)):
            self.assertAlmostEqual(found, wanted, places=6)
        self.assertEqual(len(packed), 360)

    def test_hinton_weights_and_pixels_strides(self) -> None:
        case = Case("hinton-loss", (2, 5, 4, 3), "float32")
        packed, *_ = self.pack(case)
        self.assertEqual(struct.unpack_from("<3q", packed, 192), (60, 1, 12))
        self.assertEqual(struct.unpack_from("<2q", packed, 288), (24, 12))
        weights = struct.unpack_from("<2f", packed, 344)
        self.assertAlmostEqual(weights[0], ALPHA, places=6)
        self.assertAlmostEqual(weights[1], 1 - ALPHA, places=6)

    def test_an_unknown_or_resized_argument_is_refused(self) -> None:
        arguments = ours.Arguments(kernel("warp"))
        with self.assertRaisesRegex(ours.KernelError, "has no argument Scales"):
            arguments.float32("Scales", 1)
        with self.assertRaisesRegex(ours.KernelError, "expected 8 bytes for Classes"):
            arguments.int64("Classes", 1)


def committed_kernels() -> Path | None:
    """Beside this folder in the archive, in kernels/ptx in the source tree."""
    here = Path(__file__).resolve().parent
    folders = (here.parent / "ptx", here.parent.parent / "kernels" / "ptx")
    return next((folder for folder in folders if (folder / "manifest.json").exists()), None)


@unittest.skipIf(committed_kernels() is None, "there is no manifest of kernels")
class CommittedKernelTests(unittest.TestCase):
    def setUp(self) -> None:
        folder = committed_kernels()
        assert folder is not None
        self.manifest = ours.Manifest(folder)

    def test_every_file_is_the_one_that_the_manifest_means(self) -> None:
        for entry in self.manifest.kernels:
            text = entry.path.read_bytes()
            self.assertEqual(hashlib.sha256(text).hexdigest(), entry.sha256, entry.path)
            self.assertIn(f".entry {entry.entry}(".encode(), text)

    def test_every_argument_that_we_set_is_in_every_kernel_at_its_size(self) -> None:
        ops = {stem: op for op, stem in ours.STEMS.items()}
        for entry in self.manifest.kernels:
            if entry.kind == "count":
                continue
            case = Case(ops[entry.stem], (2, 5), entry.element_type)
            workspace = ours.Workspace(torch.zeros(7, dtype=torch.float64), torch.zeros(64, dtype=torch.int32))
            outputs = ours.Outputs(torch.zeros(()), torch.zeros(2, 5), torch.zeros(8, dtype=torch.float64))
            if case.op == "softmax-entropy":
                outputs.totals = None
            packed = ours.pack(entry, case, make_inputs(case, CPU, 1), outputs, workspace, False)
            self.assertEqual(len(packed), entry.argument_bytes)

    def test_there_is_a_kernel_for_every_case_of_its_ops(self) -> None:
        stems = {entry.stem for entry in self.manifest.kernels}
        for case in all_cases():
            if ours.STEMS[case.op] in stems:
                for gradient in (False, True):
                    chosen = ours.choose(self.manifest.kernels, case, gradient, LIMITS)
                    self.assertTrue(ours.accepts(chosen, case, gradient), case)


class ChoiceTests(unittest.TestCase):
    def kind(self, shape: tuple[int, ...], gradient: bool, kernels: list[ours.Kernel] = KERNELS) -> tuple[str, int]:
        found = ours.choose(kernels, Case("tempered-kl", shape, "float32"), gradient, LIMITS)
        return found.kind, found.max_classes

    def test_the_smallest_that_fits_then_stream_pixels_general(self) -> None:
        self.assertEqual(self.kind((1024, 100), True), ("warp", 128))
        self.assertEqual(self.kind((256, 1000), True), ("warp", 1024))
        self.assertEqual(self.kind((256, 8000), False), ("block", 8192))
        self.assertEqual(self.kind((8192, 32000), True), ("block", 32768))
        self.assertEqual(self.kind((8192, 128256), True), ("stream", 0))
        self.assertEqual(self.kind((8, 21, 512, 512), True), ("pixels", 0))
        self.assertEqual(self.kind((8, 5), True, [kernel("general")]), ("general", 0))

    def test_few_huge_rows_are_split_unless_a_gradient_is_wanted(self) -> None:
        self.assertEqual(self.kind((4, 1048576), False), ("split", 0))
        self.assertEqual(self.kind((4, 1048576), True), ("stream", 0))
        self.assertEqual(self.kind((66, 1048576), False), ("stream", 0))

    def test_kernels_of_another_dtype_op_or_newer_device_are_passed_over(self) -> None:
        with self.assertRaisesRegex(ours.KernelError, "no kernel for"):
            self.kind((8, 5), True, [kernel("warp", 128, dtype="bfloat16"), kernel("warp", 128, target=100)])

    def test_grids_fill_the_device_and_keep_rereads_in_the_cache(self) -> None:
        case = Case("tempered-kl", (8192, 128256), "bfloat16")
        stream = kernel("stream", threads=1024)
        self.assertEqual(ours.grid_of(stream, case, False, LIMITS, 2), 264)
        self.assertEqual(ours.grid_of(stream, case, True, LIMITS, 2), 132)
        self.assertEqual(
            ours.grid_of(kernel("warp", 128), Case("tempered-kl", (1024, 100), "float32"), True, LIMITS, 8), 128)
        self.assertEqual(
            ours.grid_of(kernel("split"), Case("tempered-kl", (4, 1048576), "float32"), False, LIMITS, 8), 256)


class BenchTests(unittest.TestCase):
    def test_a_dry_run_writes_a_record_per_op_shape_and_mode(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "records.jsonl")
            arguments = ["bench.py", "--device", "cpu", "--out", str(path), "--match", "[64,100]"]
            with mock.patch.object(sys,
                "argv", arguments), mock.patch.object(bench, "ROUNDS", 5), mock.patch("builtins.print"):
                self.assertEqual(bench.main(), 0)
            lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        self.assertEqual(lines[0]["machine"]["gpu"], "none")
        records = [line for line in lines if "p50_us" in line]
        self.assertEqual([(r["op"], r["mode"]) for r in records], [
            (op, mode) for op in (
                "tempered-kl", "hinton-loss") for mode in ("forward", "forward+gradient", "autograd")])
        for record in records:
            self.assertLessEqual(record["p20_us"], record["p50_us"])
            self.assertLess(record["rel_err"], 1e-5)
            self.assertEqual(record["fingerprint"], lines[0]["machine"]["id"])
        self.assertEqual(lines[-1]["failures"], [])

    def test_our_own_wrong_result_fails_the_run(self) -> None:
        case = Case("tempered-kl", (8, 5), "float32")
        records = bench.Records(mock.Mock(), "id")
        for errors in (reference.Errors(1e-3, 0.0), reference.Errors(0.0, 1e-3), reference.Errors(math.nan, None)):
            records.failures.clear()
            bench.check_ours(case, "forward+gradient", bench.Quality(errors, None, True), records)
            self.assertEqual(len(records.failures), 1, errors)


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
