"""Tests of the twins in CUDA C++: what they are given, and that they compile where there is a compiler."""

import unittest
from dataclasses import replace
from pathlib import Path
from unittest import mock

import torch

import inputs
import ops
import twins
from example_cases import kl_case, spec
from ops import logit_pairs
from plans import GRADIENT, Case

CPU = torch.device("cpu")


class TwinTests(unittest.TestCase):
    def test_the_twin_of_tempered_kl_takes_what_its_vectors_fit(self) -> None:
        known = mock.Mock(multiprocessors=132, device=CPU)
        twin = ops.of(kl_case()).twin
        assert twin is not None
        self.assertIsNone(twin(kl_case(64, 102), known))
        self.assertIsNone(twin(kl_case(4, 16384), known))
        case = kl_case(64, 100)
        calls = twin(case, known)
        assert calls is not None
        with mock.patch.object(torch, "empty_like", wraps=torch.empty_like):
            out = calls[GRADIENT](inputs.make(case, CPU, 1))
        source, entry, grid, threads, parameters = known.launch.call_args.args
        self.assertEqual((source, entry, grid, threads), (
            "tempered_kl.cu", "tempered_kl_float32_warp_128_gradient", (8,), 256))
        self.assertEqual(len(parameters), 11)
        self.assertEqual(parameters[2].value, out["student_gradient"].data_ptr())
        self.assertEqual([p.value for p in parameters[6:8]], [64, 100])

    def test_the_twin_of_fsp_makes_a_gram_matrix_and_two_gradients(self) -> None:
        shape = (128, 64, 32, 8, 8)
        features1, features2 = spec("features1", 128, 64, 8, 8), spec("features2", 128, 32, 8, 8)
        case = Case("fsp-gram", shape, "float32", "tf32", (features1, features2), (), {"tf32": True})
        twin = ops.of(case).twin
        assert twin is not None
        known = mock.Mock(multiprocessors=132, device=CPU)
        calls = twin(case, known)
        assert calls is not None
        x = {"features1": features1.empty(CPU), "features2": features2.empty(CPU), "upstream": torch.empty(128, 64, 32)}
        out = calls[GRADIENT](x)
        launches = [call.args for call in known.launch.call_args_list]
        # 128 tiles and three blocks for each multiprocessor: two splits.
        self.assertEqual([(entry, grid, threads) for _, entry, grid, threads, _ in launches], [
            ("gram_tf32", (256,), 128), ("gradient_tf32", (128,), 256), ("gradient_tf32", (128,), 256)])
        self.assertEqual([[p.value for p in arguments[-5:]] for *_, arguments in launches], [
            [128, 64, 32, 64, 2], [128, 64, 32, 64, 0], [128, 32, 64, 64, 1]])
        self.assertEqual(launches[2][4][2].value, out["features2_gradient"].data_ptr())
        self.assertIsNone(twin(replace(case, shape=(128, 64, 32, 7, 7)), known))
        known.has.return_value = False
        self.assertIsNone(twin(case, known))

    def test_every_entry_that_is_launched_is_in_its_source(self) -> None:
        folder = twin_sources()
        if folder is None:
            self.skipTest("native/twins is not beside this folder")
        text = (folder / "tempered_kl.cu").read_text(encoding="utf-8")
        for kernels in logit_pairs.KL_TWINS.values():
            for _, name, *_ in kernels:
                self.assertIn(f"tempered_kl_{name},", text)

    def test_sources_compile_where_there_is_a_compiler(self) -> None:
        folder = twin_sources()
        if folder is None or twins.compiler() is None:
            self.skipTest("needs nvcc and native/twins")
        for source in folder.glob("*.cu"):
            self.assertGreater(len(twins.compile_to_cubin(source, 80)), 0)


def twin_sources() -> Path | None:
    here = Path(__file__).resolve().parent
    folders = (here.parent / "native" / "twins", here.parent.parent / "native" / "twins")
    return next((folder for folder in folders if folder.exists()), None)


if __name__ == "__main__":
    unittest.main()
