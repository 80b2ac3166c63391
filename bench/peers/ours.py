"""Launches the library's own kernels from Python, as the plan says: the same PTX files, arguments and grids as from C#, so
that they can be timed in one process with the peers, on the same tensors.
"""

import ctypes
import hashlib
import struct
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

import plans
from driver import Driver
from inputs import Tensors
from plans import Candidate, Launch, Mode


class KernelError(RuntimeError):
    """A PTX file or an operand is not as the plan says."""


class Kernels:
    """The PTX files, loaded when they are first launched."""

    def __init__(self, folder: Path, driver: Driver) -> None:
        self._folder, self.driver = folder, driver
        self._functions: dict[str, ctypes.c_void_p] = {}

    def function(self, launch: Launch) -> ctypes.c_void_p:
        if launch.entry not in self._functions:
            text = text_of(self._folder, launch)
            self._functions[launch.entry] = self.driver.load(text, launch.entry, launch.file)
        return self._functions[launch.entry]


def text_of(folder: Path, launch: Launch) -> bytes:
    """The PTX, checked against the plan."""
    path = folder / launch.file
    if not path.exists():
        raise KernelError(f"expected {path} but it does not exist")
    text = path.read_bytes()
    found = hashlib.sha256(text).hexdigest()
    if found != launch.sha256:
        raise KernelError(f"expected SHA-256 {launch.sha256} of {path} but got {found}")
    return text


def argument(launch: Launch, operands: Mapping[str, Tensor]) -> bytes:
    """The struct with the operands' addresses in their places."""
    packed = bytearray(launch.argument)
    for place in launch.relocations:
        if place.tensor not in operands:
            raise KernelError(f"{launch.kernel} takes {place.tensor}, which the case does not have")
        struct.pack_into("<Q", packed, place.at, operands[place.tensor].data_ptr() + place.offset)
    return bytes(packed)


class Launcher:
    """One candidate of one mode, ready to be launched on torch's current stream."""

    def __init__(self, kernels: Kernels, mode: Mode, candidate: Candidate, device: torch.device) -> None:
        self.candidate, self._kernels, self._mode, self._device = candidate, kernels, mode, device
        # Zero before the first launch; the kernels leave zero what has to be.
        self._workspace = torch.zeros(max(1, candidate.workspace_bytes), dtype=torch.uint8, device=device)

    def __call__(self, inputs: Tensors) -> Tensors:
        """Makes the outputs and launches into them."""
        return self.into(inputs, {spec.name: spec.empty(self._device) for spec in self._mode.outputs})

    def into(self, inputs: Tensors, outputs: Tensors) -> Tensors:
        operands = {**inputs, **outputs, plans.WORKSPACE: self._workspace}
        stream = torch.cuda.current_stream(self._device).cuda_stream
        for launch in self.candidate.launches:
            packed = argument(launch, operands)
            buffer = (ctypes.c_char * len(packed)).from_buffer_copy(packed)
            self._kernels.driver.launch(
                self._kernels.function(launch), (launch.grid,), launch.block, launch.shared_bytes, (buffer,), stream)
        return outputs
