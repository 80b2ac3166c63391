"""Launches the library's own kernels from Python: the PTX files and their manifest through the CUDA driver.

The same files, argument structs, choice of variant and grid as the C# library has (src/KdKernels.Core/Cuda), so that
they can be timed in one process with the peers, on the same tensors.
"""

import ctypes
import hashlib
import json
import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from cases import ALPHA, TEMPERATURE, Case, Inputs

STEMS = {"tempered-kl": "TemperedKl", "hinton-loss": "HintonLoss", "softmax-entropy": "SoftmaxEntropy"}
PARTIAL_WIDTHS = {"tempered-kl": 1, "hinton-loss": 8, "softmax-entropy": 1}
BATCH_MEAN = 3
LABELS_COUNTED_BY_BLOCKS = 16384
SPLIT_LENGTH = 16384
SPLIT_LEAST_CLASSES = 65536
LOG2_E = math.log2(math.e)


class KernelError(RuntimeError):
    """The manifest, a PTX file or the driver is not as expected."""


# ---- the manifest ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Field:
    name: str
    offset: int
    bytes: int


@dataclass(frozen=True)
class Kernel:
    """One entry of the manifest."""

    stem: str
    name: str
    kind: str
    element_type: str
    path: Path
    sha256: str
    entry: str
    target: int
    threads: int
    max_classes: int
    argument_bytes: int
    fields: tuple[Field, ...]

    def rows_per_tile(self) -> int:
        return {"warp": self.threads // 32, "pixels": self.threads}.get(self.kind, 1)


class Manifest:
    """kernels/ptx/manifest.json."""

    def __init__(self, folder: Path) -> None:
        path = folder / "manifest.json"
        if not path.exists():
            raise KernelError(f"expected {path} but it does not exist")
        raw = path.read_bytes()
        self.sha256 = hashlib.sha256(raw).hexdigest()
        document: dict[str, Any] = json.loads(raw)
        if document["format"] != 1:
            raise KernelError(f"expected manifest format 1 but got {document['format']}")
        self.kernels = [
            self._kernel(folder, stem["stem"], entry) for stem in document["stems"] for entry in stem["kernels"]]

    @staticmethod
    def _kernel(folder: Path, stem: str, entry: dict[str, Any]) -> Kernel:
        parameters = entry["parameters"]
        if len(parameters) != 1:
            raise KernelError(f"expected one parameter of {entry['entry']} but got {len(parameters)}")
        fields = tuple(Field(f["name"], f["offset"], f["bytes"]) for f in parameters[0]["fields"])
        return Kernel(
            stem, entry["name"], entry["kind"], entry.get("elementType") or "", folder / entry["file"], entry["sha256"],
            entry["entry"], int(entry["target"].removeprefix("sm_").rstrip("a")), entry["threads"],
            entry.get("maxClasses", 0), parameters[0]["bytes"], fields)


# ---- the driver --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class DeviceLimits:
    """What choice and grid depend on."""

    multiprocessors: int
    l2_bytes: int
    capability: int


class Driver:
    """The calls of libcuda that a launch needs, in the context that torch has made current."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL("libcuda.so.1")
        self._functions: dict[str, ctypes.c_void_p] = {}

    def _check(self, call: str, status: int, detail: str = "") -> None:
        if status == 0:
            return
        text = ctypes.c_char_p()
        self._library.cuGetErrorString(status, ctypes.byref(text))
        said = (text.value or b"unknown error").decode()
        raise KernelError(f"{call} returned {status}: {said}{': ' + detail if detail else ''}")

    def function(self, kernel: Kernel) -> ctypes.c_void_p:
        """Loads the PTX on first use."""
        if kernel.entry in self._functions:
            return self._functions[kernel.entry]
        ptx = kernel.path.read_bytes()
        found = hashlib.sha256(ptx).hexdigest()
        if found != kernel.sha256:
            raise KernelError(f"expected SHA-256 {kernel.sha256} of {kernel.path} but got {found}")
        module, function = ctypes.c_void_p(), ctypes.c_void_p()
        # 5 and 6: the JIT compiler's error text, and the size of the memory for it.
        log = ctypes.create_string_buffer(8192)
        options = (ctypes.c_int * 2)(5, 6)
        values = (ctypes.c_void_p * 2)(ctypes.cast(log, ctypes.c_void_p), ctypes.c_void_p(len(log)))
        status = self._library.cuModuleLoadDataEx(ctypes.byref(module),
            ctypes.c_char_p(ptx + b"\0"), 2, options, values)
        self._check(f"cuModuleLoadDataEx({kernel.path.name})", status, log.value.decode(errors="replace"))
        name = kernel.entry.encode()
        self._check("cuModuleGetFunction", self._library.cuModuleGetFunction(ctypes.byref(function), module, name))
        self._functions[kernel.entry] = function
        return function

    def resident_blocks(self, kernel: Kernel) -> int:
        count = ctypes.c_int()
        status = self._library.cuOccupancyMaxActiveBlocksPerMultiprocessor(
            ctypes.byref(count), self.function(kernel), ctypes.c_int(kernel.threads), ctypes.c_size_t(0))
        self._check("cuOccupancyMaxActiveBlocksPerMultiprocessor", status)
        if count.value < 1:
            raise KernelError(f"{kernel.entry} does not fit on a multiprocessor")
        return count.value

    def launch(self, kernel: Kernel, blocks: int, arguments: bytes, stream: int) -> None:
        """The driver copies the arguments before it returns."""
        buffer = ctypes.create_string_buffer(arguments, len(arguments))
        parameters = (ctypes.c_void_p * 1)(ctypes.cast(buffer, ctypes.c_void_p))
        status = self._library.cuLaunchKernel(
            self.function(kernel), ctypes.c_uint(blocks), 1, 1, ctypes.c_uint(kernel.threads), 1, 1, 0,
            ctypes.c_void_p(stream), parameters, None)
        self._check(f"cuLaunchKernel({kernel.entry})", status)


def limits_of(device: torch.device) -> DeviceLimits:
    properties = torch.cuda.get_device_properties(device)
    l2 = getattr(properties, "L2_cache_size", 0) or 32 << 20
    return DeviceLimits(properties.multi_processor_count, l2, properties.major * 10 + properties.minor)


# ---- arguments ---------------------------------------------------------------------------------------------------


class Arguments:
    """An argument struct, laid out as the manifest says; what is not set is zero."""

    def __init__(self, kernel: Kernel) -> None:
        self._fields = {field.name: field for field in kernel.fields}
        self._bytes = bytearray(kernel.argument_bytes)
        self._kernel = kernel

    def _put(self, name: str, layout: str, *values: int | float) -> None:
        field = self._fields.get(name)
        if field is None:
            raise KernelError(f"{self._kernel.entry} has no argument {name}: {', '.join(self._fields)}")
        if struct.calcsize(layout) != field.bytes:
            size = struct.calcsize(layout)
            raise KernelError(f"expected {size} bytes for {name} of {self._kernel.entry} but got {field.bytes}")
        struct.pack_into(layout, self._bytes, field.offset, *values)

    def view(self, name: str, tensor: Tensor | None) -> None:
        """ArrayView: address and length in elements; nothing for None."""
        if tensor is not None:
            self._put(name, "<Qq", tensor.data_ptr(), tensor.numel())

    def strides(self, name: str, outer: int, inner: int, element: int) -> None:
        self._put(name, "<qqq", outer, inner, element)

    def int64(self, name: str, value: int) -> None:
        self._put(name, "<q", value)

    def int32(self, name: str, value: int) -> None:
        self._put(name, "<i", value)

    def float32(self, name: str, value: float) -> None:
        self._put(name, "<f", value)

    def to_bytes(self) -> bytes:
        return bytes(self._bytes)


@dataclass
class Outputs:
    """Where a launch writes; `totals` are the metrics that HintonLoss gives with its loss."""

    loss: Tensor | None
    gradient: Tensor | None
    totals: Tensor | None


@dataclass
class Workspace:
    """Scratch of one stream: zero before and after every launch."""

    partials: Tensor
    counters: Tensor


def inner_rows(case: Case) -> int:
    return case.elements // case.classes // case.shape[0]


def pack(kernel: Kernel, case: Case, inputs: Inputs, outputs: Outputs, workspace: Workspace, counted: bool) -> bytes:
    """The struct for a contiguous [N, C] or [N, C, H, W] at BatchMean."""
    arguments = Arguments(kernel)
    inner = inner_rows(case)
    layout = (case.classes * inner, 1, inner)
    arguments.view("Loss", outputs.loss)
    arguments.view("Partials", workspace.partials)
    arguments.view("Counters", workspace.counters)
    arguments.int64("Rows", case.rows)
    arguments.int64("Inner", inner)
    arguments.int32("Classes", case.classes)
    arguments.int32("Reduction", BATCH_MEAN)
    arguments.float32("Scale", LOG2_E / TEMPERATURE)
    arguments.float32("InverseTemperature", 1 / TEMPERATURE)
    if case.op == "softmax-entropy":
        arguments.view("Logits", inputs.student)
        arguments.view("Gradient", outputs.gradient)
        arguments.strides("LogitsStrides", *layout)
        arguments.strides("GradientStrides", *layout)
        return arguments.to_bytes()
    arguments.view("Student", inputs.student)
    arguments.view("Teacher", inputs.teacher)
    arguments.view("StudentGradient", outputs.gradient)
    arguments.view("Labels", inputs.labels)
    arguments.view("Totals", outputs.totals)
    for name in ("StudentStrides", "TeacherStrides", "StudentGradientStrides", "TeacherGradientStrides"):
        arguments.strides(name, *layout)
    arguments.int64("IgnoreIndex", -100)
    arguments.int32("Counted", int(counted))
    arguments.float32("LossFactor", TEMPERATURE**2)
    arguments.float32("GradientFactor", TEMPERATURE)
    arguments.float32("KlWeight", ALPHA if case.op == "hinton-loss" else 1)
    arguments.float32("CrossEntropyWeight", 1 - ALPHA if case.op == "hinton-loss" else 0)
    return arguments.to_bytes()


# ---- choosing ----------------------------------------------------------------------------------------------------


def accepts(kernel: Kernel, case: Case, gradient: bool) -> bool:
    """Whether a variant can do this case at all: contiguous, equally aligned tensors, no weights, a finite T."""
    if kernel.stem != STEMS[case.op] or kernel.element_type != case.dtype or kernel.kind == "count":
        return False
    if kernel.max_classes and case.classes > kernel.max_classes:
        return False
    if kernel.kind == "split":
        return inner_rows(case) == 1 and not gradient
    if kernel.kind == "pixels":
        return inner_rows(case) > 1
    return kernel.kind == "general" or inner_rows(case) == 1


def choose(kernels: list[Kernel], case: Case, gradient: bool, limits: DeviceLimits) -> Kernel:
    """The library's own order of choice."""
    usable = [k for k in kernels if accepts(k, case, gradient) and k.target <= limits.capability]
    few = case.rows < limits.multiprocessors / 2 and case.classes >= SPLIT_LEAST_CLASSES
    by_kind: dict[str, list[Kernel]] = {}
    for kernel in sorted(usable, key=lambda k: k.max_classes or 1 << 62):
        by_kind.setdefault(kernel.kind, []).append(kernel)
    if few and "split" in by_kind:
        return by_kind["split"][0]
    on_chip = by_kind.get("warp", []) + by_kind.get("block", [])
    if on_chip:
        return min(on_chip, key=lambda k: k.max_classes or 1 << 62)
    for kind in ("stream", "pixels", "general"):
        if kind in by_kind:
            return by_kind[kind][0]
    raise KernelError(f"no kernel for {case}")


def splits_of(case: Case) -> int:
    return -(-case.classes // SPLIT_LENGTH)


def tiles_of(kernel: Kernel, case: Case) -> int:
    return -(-case.rows // kernel.rows_per_tile())


def grid_of(kernel: Kernel, case: Case, gradient: bool, limits: DeviceLimits, resident: int) -> int:
    """Blocks. Any number gives the same bits; this one keeps the machine full and re-reads within L2."""
    if kernel.kind == "split":
        return case.rows * splits_of(case)
    blocks = min(tiles_of(kernel, case), limits.multiprocessors * resident)
    if kernel.kind == "stream" and gradient:
        pair = case.classes * case.element_size * (2 if case.has_teacher else 1)
        blocks = min(blocks, max(limits.multiprocessors, limits.l2_bytes // 2 // pair))
    return max(1, blocks)


# ---- launching ---------------------------------------------------------------------------------------------------


class Launcher:
    """A chosen variant for one case, ready to launch on torch's current stream."""

    def __init__(
        self, driver: Driver, kernel: Kernel, case: Case, blocks: int, device: torch.device, count: Kernel | None) -> None:
        self.driver, self.kernel, self.case, self.blocks, self.count = driver, kernel, case, blocks, count
        self.device = device
        slots = tiles_of(kernel, case) * PARTIAL_WIDTHS[case.op]
        if kernel.kind == "split":
            slots += case.rows * splits_of(case) * 8
        self.workspace = Workspace(
            torch.zeros(slots, dtype=torch.float64, device=device), torch.zeros(64, dtype=torch.int32, device=device))

    @property
    def launches(self) -> int:
        return 2 if self._counts_first else 1

    @property
    def _counts_first(self) -> bool:
        return self.case.op == "hinton-loss" and self.case.rows > LABELS_COUNTED_BY_BLOCKS

    def outputs(self, gradient: Tensor | None) -> Outputs:
        totals = None
        if self.case.op == "hinton-loss":
            totals = torch.empty(8, dtype=torch.float64, device=self.device)
        return Outputs(torch.empty((), dtype=torch.float32, device=self.device), gradient, totals)

    def launch(self, inputs: Inputs, outputs: Outputs) -> None:
        stream = torch.cuda.current_stream(self.device).cuda_stream
        if self._counts_first:
            if self.count is None:
                raise KernelError("the manifest has no kernel 'count'")
            arguments = Arguments(self.count)
            arguments.view("Labels", inputs.labels)
            arguments.view("Counters", self.workspace.counters)
            arguments.int64("Rows", self.case.rows)
            arguments.int64("IgnoreIndex", -100)
            blocks = min(-(-self.case.rows // 1024), limits_of(self.device).multiprocessors)
            self.driver.launch(self.count, blocks, arguments.to_bytes(), stream)
        packed = pack(self.kernel, self.case, inputs, outputs, self.workspace, self._counts_first)
        self.driver.launch(self.kernel, self.blocks, packed, stream)

    def forward(self, inputs: Inputs) -> Tensor:
        outputs = self.outputs(None)
        self.launch(inputs, outputs)
        assert outputs.loss is not None
        return outputs.loss

    def forward_with_gradient(self, inputs: Inputs) -> tuple[Tensor, Tensor]:
        gradient = torch.empty_like(inputs.student, requires_grad=False)
        outputs = self.outputs(gradient)
        self.launch(inputs, outputs)
        assert outputs.loss is not None
        return outputs.loss, gradient


def launchers(driver: Driver, manifest: Manifest, case: Case, gradient: bool,
    device: torch.device) -> Iterator[Launcher]:
    """Every variant that accepts the case, with the library's grid."""
    limits = limits_of(device)
    for kernel in manifest.kernels:
        if accepts(kernel, case, gradient) and kernel.target <= limits.capability:
            blocks = grid_of(kernel, case, gradient, limits, driver.resident_blocks(kernel))
            yield Launcher(driver, kernel, case, blocks, device, count_kernel(manifest))


def chosen(driver: Driver, manifest: Manifest, case: Case, gradient: bool, device: torch.device) -> Launcher:
    """What the library would launch."""
    limits = limits_of(device)
    kernel = choose(manifest.kernels, case, gradient, limits)
    blocks = grid_of(kernel, case, gradient, limits, driver.resident_blocks(kernel))
    return Launcher(driver, kernel, case, blocks, device, count_kernel(manifest))


def count_kernel(manifest: Manifest) -> Kernel | None:
    return next((k for k in manifest.kernels if k.kind == "count"), None)
