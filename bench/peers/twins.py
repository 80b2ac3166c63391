"""The kernels of native/twins: our algorithms in CUDA C++, compiled by nvcc where there is one. For comparison alone.

A twin is a `__global__` function with C linkage that takes plain pointers, ints and floats. The module of its op (in ops/)
says which file and entry do a case and with what arguments.
"""

import ctypes
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

from driver import Driver
from inputs import Tensors

Calls = Mapping[str, Callable[[Tensors], Tensors]]


class TwinError(RuntimeError):
    """nvcc refused a source."""


def compiler() -> str | None:
    """nvcc, from CUDA_HOME, PATH or where CUDA's own packages put it."""
    home = os.environ.get("CUDA_HOME") or os.environ.get("CUDA_PATH")
    if home and Path(home, "bin", "nvcc").exists():
        return str(Path(home, "bin", "nvcc"))
    return shutil.which("nvcc") or shutil.which("nvcc", path="/usr/local/cuda/bin:/opt/cuda/bin")


def compiler_version() -> str | None:
    nvcc = compiler()
    if nvcc is None:
        return None
    answer = subprocess.run([nvcc, "--version"], capture_output=True, text=True, timeout=60, check=False)
    line = next((line for line in answer.stdout.splitlines() if "release" in line), "")
    return line.rsplit(",", 1)[-1].strip().removeprefix("V") or None


def compile_to_cubin(source: Path, capability: int) -> bytes:
    nvcc = compiler()
    if nvcc is None:
        raise TwinError("expected nvcc in CUDA_HOME or PATH but there is none")
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "twin.cubin")
        command = [nvcc, "-std=c++17", "-O3", f"-arch=sm_{capability}", "-cubin", "-o", str(target), str(source)]
        answer = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        if answer.returncode != 0:
            raise TwinError(f"nvcc could not compile {source.name}: {answer.stderr.strip()[:2000]}")
        return target.read_bytes()


def pointer(tensor: Tensor | None) -> ctypes.c_void_p:
    """An operand; null for None."""
    return ctypes.c_void_p(None if tensor is None else tensor.data_ptr())


class Twins:
    """A folder of twins on one device; each source is compiled when it is first needed."""

    def __init__(self, folder: Path, driver: Driver, device: torch.device) -> None:
        self.device, self._folder, self._driver = device, folder, driver
        properties = torch.cuda.get_device_properties(device)
        self.multiprocessors: int = properties.multi_processor_count
        self._capability = properties.major * 10 + properties.minor
        self._images: dict[str, bytes] = {}
        self._functions: dict[tuple[str, str], ctypes.c_void_p] = {}

    def has(self, source: str) -> bool:
        return (self._folder / source).exists()

    def function(self, source: str, entry: str, shared_bytes: int = 0) -> ctypes.c_void_p:
        key = (source, entry)
        if key not in self._functions:
            if source not in self._images:
                self._images[source] = compile_to_cubin(self._folder / source, self._capability)
            function = self._driver.load(self._images[source], entry, source)
            if shared_bytes > 48 << 10:
                self._driver.allow_shared(function, shared_bytes)
            self._functions[key] = function
        return self._functions[key]

    def launch(
            self, source: str, entry: str, grid: Sequence[int], block: int, parameters: Sequence[object],
            shared_bytes: int = 0) -> None:
        """On torch's current stream."""
        stream = torch.cuda.current_stream(self.device).cuda_stream
        self._driver.launch(self.function(source, entry, shared_bytes), grid, block, shared_bytes, parameters, stream)
