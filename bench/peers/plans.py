"""The plan file: every measured case, its operands, and the launches that the C# library makes of it.

`KdKernels.Bench plan` writes it by asking the library's own launchers, so nothing here knows how a variant is chosen, a
grid sized or an argument packed.
"""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

FORMAT = 1
FORWARD, GRADIENT, BACKWARD = "forward", "forward+gradient", "backward"
WORKSPACE = "workspace"
DTYPES = {
    "float32": torch.float32, "float64": torch.float64, "float16": torch.float16, "bfloat16": torch.bfloat16,
    "int64": torch.int64, "bool": torch.bool}
SIZES = {"float32": 4, "float64": 8, "float16": 2, "bfloat16": 2, "int64": 8, "bool": 1}

Settings = dict[str, Any]


class PlanError(RuntimeError):
    """The plan file is not as expected."""


@dataclass(frozen=True)
class TensorSpec:
    """An operand: an input if it is drawn, else an output; `gradient_of` names the input that it is the gradient of."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    memory: str
    draw: dict[str, Any] | None
    gradient_of: str | None

    @property
    def elements(self) -> int:
        count = 1
        for size in self.shape:
            count *= size
        return count

    @property
    def bytes(self) -> int:
        return self.elements * SIZES[self.dtype]

    def empty(self, device: torch.device) -> torch.Tensor:
        layout = torch.channels_last if self.memory == "channels-last" else torch.contiguous_format
        return torch.empty(self.shape, dtype=DTYPES[self.dtype], device=device, memory_format=layout)


@dataclass(frozen=True)
class Relocation:
    """Eight bytes of an argument that hold an operand's address plus an offset."""

    at: int
    tensor: str
    offset: int


@dataclass(frozen=True)
class Launch:
    kernel: str
    file: str
    sha256: str
    entry: str
    grid: int
    block: int
    shared_bytes: int
    argument: bytes
    relocations: tuple[Relocation, ...]


@dataclass(frozen=True)
class Candidate:
    """Launches that compute a mode. `resident_share` below 1: with a smaller grid than the library's."""

    variant: str
    resident_share: float
    chosen: bool
    workspace_bytes: int
    launches: tuple[Launch, ...]


@dataclass(frozen=True)
class Mode:
    """One way of calling an op; the first candidate is what the library does."""

    mode: str
    bytes_min: int
    flops: int
    outputs: tuple[TensorSpec, ...]
    candidates: tuple[Candidate, ...]

    @property
    def gradients(self) -> tuple[TensorSpec, ...]:
        return tuple(output for output in self.outputs if output.gradient_of is not None)


@dataclass(frozen=True)
class Case:
    """One op on operands of one shape and dtype."""

    op: str
    shape: tuple[int, ...]
    dtype: str
    form: str
    inputs: tuple[TensorSpec, ...]
    modes: tuple[Mode, ...]
    settings: Settings = field(default_factory=dict, hash=False)

    def mode(self, name: str) -> Mode:
        return next(mode for mode in self.modes if mode.mode == name)

    def has(self, name: str) -> bool:
        return any(mode.mode == name for mode in self.modes)

    @property
    def input_bytes(self) -> int:
        return sum(spec.bytes for spec in self.inputs)

    @property
    def wanted(self) -> tuple[str, ...]:
        """The inputs that get gradients."""
        if not self.has(GRADIENT):
            return ()
        return tuple(spec.gradient_of or "" for spec in self.mode(GRADIENT).gradients)

    @property
    def is_loss(self) -> bool:
        """Whether the first thing that it computes is one number."""
        return not self.modes[0].outputs[0].shape

    def __str__(self) -> str:
        shape = ",".join(map(str, self.shape))
        return f"{self.op} [{shape}] {self.dtype}{' ' + self.form if self.form else ''}"


@dataclass(frozen=True)
class Device:
    """What choice and grids were made for."""

    name: str
    described: bool
    multiprocessors: int
    l2_bytes: int
    capability: int


@dataclass(frozen=True)
class Plans:
    device: Device
    manifest_sha256: str
    cases: tuple[Case, ...]

    def matching(self, text: str) -> list[Case]:
        """The cases whose name has one of the texts, which commas separate; all of them for none."""
        return [case for case in self.cases if any(part in str(case) for part in text.split(";"))]


def read(path: Path) -> Plans:
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if document.get("format") != FORMAT:
        raise PlanError(f"expected plans of format {FORMAT} in {path} but got {document.get('format')}")
    return Plans(Device(**document["device"]), document["manifest_sha256"], tuple(map(_case, document["cases"])))


def found() -> Path | None:
    """The file that KD_PLAN names: what tests use."""
    path = os.environ.get("KD_PLAN", "")
    return Path(path) if path and Path(path).exists() else None


def _case(entry: dict[str, Any]) -> Case:
    return Case(
        entry["op"], tuple(entry["shape"]), entry["dtype"], entry["form"], tuple(map(_tensor, entry["inputs"])),
        tuple(map(_mode, entry["modes"])), entry["settings"])


def _tensor(entry: dict[str, Any]) -> TensorSpec:
    return TensorSpec(
        entry["name"], entry["dtype"], tuple(entry["shape"]), entry["memory"], entry.get("draw"), entry.get("gradient_of"))


def _mode(entry: dict[str, Any]) -> Mode:
    return Mode(
        entry["mode"], entry["bytes_min"], entry["flops"], tuple(map(_tensor, entry["outputs"])),
        tuple(map(_candidate, entry["candidates"])))


def _candidate(entry: dict[str, Any]) -> Candidate:
    return Candidate(
        entry["variant"], entry["resident_share"], entry["chosen"], entry["workspace_bytes"],
        tuple(map(_launch, entry["launches"])))


def _launch(entry: dict[str, Any]) -> Launch:
    return Launch(
        entry["kernel"], entry["file"], entry["sha256"], entry["entry"], entry["grid"], entry["block"], entry["shared_bytes"],
        bytes.fromhex(entry["argument"]), tuple(Relocation(**place) for place in entry["relocations"]))
