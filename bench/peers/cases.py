"""What is measured: ops, shapes and dtypes, their inputs by seed, and the fewest bytes that each must move."""

from dataclasses import dataclass

import torch
from torch import Tensor

TEMPERATURE = 4.0
ALPHA = 0.9
OPS = ("tempered-kl", "hinton-loss", "softmax-entropy")
MODES = ("forward", "forward+gradient", "autograd")
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


@dataclass(frozen=True)
class Case:
    """One op on logits of one shape; the classes are dimension 1, the reduction is BatchMean."""

    op: str
    shape: tuple[int, ...]
    dtype: str

    @property
    def classes(self) -> int:
        return self.shape[1]

    @property
    def elements(self) -> int:
        count = 1
        for size in self.shape:
            count *= size
        return count

    @property
    def rows(self) -> int:
        return self.elements // self.classes

    @property
    def element_size(self) -> int:
        return 4 if self.dtype == "float32" else 2

    @property
    def tensor_bytes(self) -> int:
        return self.elements * self.element_size

    @property
    def has_teacher(self) -> bool:
        return self.op != "softmax-entropy"

    @property
    def input_bytes(self) -> int:
        labels = 8 * self.rows if self.op == "hinton-loss" else 0
        return self.tensor_bytes * (2 if self.has_teacher else 1) + labels

    def minimal_bytes(self, mode: str) -> int:
        """Every input read once, the gradient written once; the scalar loss does not count."""
        return self.input_bytes + (self.tensor_bytes if mode != "forward" else 0)

    def __str__(self) -> str:
        return f"{self.op} [{','.join(map(str, self.shape))}] {self.dtype}"


@dataclass(frozen=True)
class Inputs:
    """`student` is what gets the gradient; for softmax-entropy it is the logits and there is no teacher."""

    student: Tensor
    teacher: Tensor | None
    labels: Tensor | None


def make_inputs(case: Case, device: torch.device, seed: int) -> Inputs:
    """Random logits: a teacher that resembles its student, as one does in the middle of training."""
    generator = torch.Generator(device=device).manual_seed(seed)
    dtype = DTYPES[case.dtype]
    # The generator draws in float32; by slices, so that 4 GB of bfloat16 need no 8 GB beside them.
    student = torch.empty(case.shape, dtype=dtype, device=device)
    teacher = torch.empty_like(student) if case.has_teacher else None
    step = max(1, (1 << 27) // max(1, case.elements // case.shape[0]))
    for start in range(0, case.shape[0], step):
        part = student[start : start + step]
        drawn = torch.randn(part.shape, generator=generator, device=device) * 3
        part.copy_(drawn)
        if teacher is not None:
            noise = torch.randn(part.shape, generator=generator, device=device)
            teacher[start : start + step].copy_(drawn * 0.7 + noise * 2)
    labels = None
    if case.op == "hinton-loss":
        shape = (case.shape[0], *case.shape[2:])
        labels = torch.randint(0, case.classes, shape, generator=generator, device=device)
    return Inputs(student.requires_grad_(), teacher, labels)


def all_cases() -> list[Case]:
    """The most telling ones first: a run that is short of time drops the last ones and says so."""
    kl = [
        ((8192, 32000), "bfloat16"), ((8192, 32000), "float32"), ((256, 1000), "float32"), ((1024, 100), "float32"),
        ((8192, 128256), "bfloat16"), ((4096, 128256), "bfloat16"), ((4096, 128256), "float32"),
        ((16384, 1000), "float32"), ((256, 21841), "float32"), ((4, 1048576), "float32"),
        ((256, 1000), "bfloat16"), ((1024, 100), "bfloat16"), ((16384, 1000), "bfloat16"), ((256, 21841), "bfloat16"),
        ((4, 1048576), "bfloat16"), ((8192, 128256), "float32"),
    ]
    hinton = [
        ((8192, 32000), "bfloat16"), ((8192, 32000), "float32"), ((256, 1000), "float32"), ((1024, 100), "float32"),
        ((256, 1000), "bfloat16"), ((1024, 100), "bfloat16"),
    ]
    entropy = [
        ((8192, 32000), "bfloat16"), ((8192, 32000), "float32"), ((256, 21, 224, 224), "float32"),
        ((8, 21, 512, 512), "float32"), ((256, 21, 224, 224), "bfloat16"), ((8, 21, 512, 512), "bfloat16"),
    ]
    ordered: list[Case] = []
    for place in range(max(len(kl), len(hinton), len(entropy))):
        for op, list_of in (("tempered-kl", kl), ("hinton-loss", hinton), ("softmax-entropy", entropy)):
            if place < len(list_of):
                ordered.append(Case(op, *list_of[place]))
    return ordered


def small_cases() -> list[Case]:
    """For a dry run on CPU tensors: every op, every kind of shape, seconds."""
    return [
        Case("tempered-kl", (64, 100), "float32"), Case("tempered-kl", (32, 257), "bfloat16"),
        Case("hinton-loss", (64, 100), "float32"), Case("softmax-entropy", (2, 5, 8, 8), "float32"),
    ]
