"""Every op in float64, in slices where it can be cut: what every provider's result is compared with."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

import ops
from inputs import Tensors
from plans import Case

# Elements of one slice's largest input; float64 and a dozen temporaries of it fit beside the largest inputs.
SLICE = 1 << 25

# Limits by the dtype of what is compared: several roundings of a sum in float32, or one of the stored value.
LIMITS = {"float32": 1e-5, "float64": 1e-5, "float16": 1e-3, "bfloat16": 4e-3}


@dataclass(frozen=True)
class Errors:
    """Relative, in the Euclidean norm: the worst of the values, the worst of the gradients (None without one)."""

    value: float
    gradient: float | None


@dataclass
class Distance:
    """Squared norms of a difference and of what was expected."""

    off: float = 0.0
    norm: float = 0.0

    def add(self, actual: Tensor, expected: Tensor) -> None:
        self.off += (actual.detach().double() - expected).square().sum().item()
        self.norm += expected.square().sum().item()

    @property
    def relative(self) -> float:
        """NaN anywhere gives NaN."""
        if self.norm == 0:
            return self.off**0.5
        return (self.off / self.norm) ** 0.5


def limit_of(case: Case, dtype: str) -> float:
    """What our own results may be off by."""
    own = ops.of(case).limit
    return max(LIMITS[dtype], own(case.settings) if own else 0.0)


def slices(case: Case, inputs: Tensors) -> Iterator[slice]:
    """One slice of everything for an op that cannot be cut."""
    cut = ops.of(case).sliced
    if not cut:
        yield slice(None)
        return
    rows = inputs[cut[0]].shape[0]
    largest = max(inputs[name].numel() for name in cut)
    step = max(1, SLICE // max(1, largest // rows))
    for start in range(0, rows, step):
        yield slice(start, min(rows, start + step))


def exact(case: Case, inputs: Tensors, part: slice) -> tuple[Tensors, float]:
    """The part's inputs in float64, and its share of the rows."""
    op = ops.of(case)
    taken: Tensors = {}
    for name, tensor in inputs.items():
        value = tensor.detach()
        if name in op.sliced or (op.sliced and name == "upstream" and value.dim() > 0):
            value = value[part]
        taken[name] = value.double() if value.is_floating_point() else value
    share = 1.0 if not op.sliced else taken[op.sliced[0]].shape[0] / inputs[op.sliced[0]].shape[0]
    return taken, share


def expected(case: Case, inputs: Tensors, part: slice, with_gradient: bool) -> tuple[Tensors, float]:
    """Values and gradients ("<input>_gradient") of a part, as far as it contributes to the whole."""
    taken, share = exact(case, inputs, part)
    wanted = case.wanted if with_gradient else ()
    for name in wanted:
        taken[name].requires_grad_()
    with torch.enable_grad():
        values = ops.of(case).expected(taken, case.settings)
        if wanted:
            first = next(iter(values.values()))
            gradients = torch.autograd.grad(
                first, [taken[name] for name in wanted], upstream_of(first, taken) * (share if first.dim() == 0 else 1.0))
            values |= {f"{name}_gradient": gradient for name, gradient in zip(wanted, gradients)}
    return {name: value.detach() for name, value in values.items()}, share


def upstream_of(value: Tensor, inputs: Tensors) -> Tensor:
    """The gradient that the value is given: the plan's, where it has one of that shape."""
    given = inputs.get("upstream")
    if given is not None and given.shape == value.shape:
        return given.to(value.dtype)
    return torch.ones_like(value)


def is_gradient(name: str) -> bool:
    return name.endswith("_gradient")


def errors(case: Case, inputs: Tensors, outputs: Tensors) -> Errors:
    """Of everything in `outputs` that the reference gives as well."""
    sliced = ops.of(case).sliced
    with_gradient = any(map(is_gradient, outputs))
    sums: Tensors = {}
    distances: dict[str, Distance] = {}
    for part in slices(case, inputs):
        found, share = expected(case, inputs, part, with_gradient)
        for name in found.keys() & outputs.keys():
            of_all = is_gradient(name) and name.removesuffix("_gradient") not in sliced
            if of_all or found[name].dim() == 0:
                addend = found[name] if of_all else found[name] * share
                sums[name] = sums[name] + addend if name in sums else addend
            else:
                distances.setdefault(name, Distance()).add(outputs[name][part], found[name])
    for name, value in sums.items():
        distances.setdefault(name, Distance()).add(outputs[name], value)
    values = [distance.relative for name, distance in distances.items() if not is_gradient(name)]
    gradients = [distance.relative for name, distance in distances.items() if is_gradient(name)]
    return Errors(worst(values), worst(gradients) if gradients else None)


def worst(numbers: list[float]) -> float:
    """NaN if any is, or if there are none."""
    if not numbers or any(number != number for number in numbers):
        return float("nan")
    return max(numbers)
