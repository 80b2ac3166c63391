"""Input tensors from seeds, as the plan says."""

import torch
from torch import Tensor

from plans import Case, TensorSpec

Tensors = dict[str, Tensor]

# Elements that are drawn at a time: the generator draws in float32, and 4 GB of bfloat16 need no 8 GB beside them.
SLICE = 1 << 27


class InputError(RuntimeError):
    """The plan asks for a way of drawing that is not known here."""


def make(case: Case, device: torch.device, seed: int) -> Tensors:
    """All inputs of a case; those that get a gradient require one."""
    generator = torch.Generator(device=device).manual_seed(seed)
    drawn: Tensors = {}
    for spec in case.inputs:
        drawn[spec.name] = draw(spec, drawn, generator, device)
    for name in case.wanted:
        drawn[name].requires_grad_()
    return drawn


def draw(spec: TensorSpec, before: Tensors, generator: torch.Generator, device: torch.device) -> Tensor:
    tensor = spec.empty(device)
    if not spec.shape:
        return tensor.copy_(values(spec, (1,), None, generator, device)[0])
    step = max(1, SLICE // max(1, spec.elements // spec.shape[0]))
    other = before.get((spec.draw or {}).get("of", ""))
    for start in range(0, spec.shape[0], step):
        part = tensor[start : start + step]
        near = None if other is None else other.detach()[start : start + step]
        part.copy_(values(spec, tuple(part.shape), near, generator, device))
    return tensor


def values(
        spec: TensorSpec, shape: tuple[int, ...], near: Tensor | None, generator: torch.Generator,
        device: torch.device) -> Tensor:
    how = spec.draw or {}
    kind = how.get("kind")
    if kind == "normal":
        return torch.randn(shape, generator=generator, device=device) * how["scale"]
    if kind == "near" and near is not None:
        return near.float() * how["weight"] + torch.randn(shape, generator=generator, device=device) * how["scale"]
    if kind == "uniform":
        return torch.rand(shape, generator=generator, device=device) * (how["high"] - how["low"]) + how["low"]
    if kind == "unit-rows":
        return torch.nn.functional.normalize(torch.randn(shape, generator=generator, device=device), dim=-1)
    if kind == "integers":
        return torch.randint(0, int(how["high"]), shape, generator=generator, device=device)
    if kind == "mask":
        return torch.rand(shape, generator=generator, device=device) < how["scale"]
    if kind == "fill":
        return torch.full(shape, how["scale"], device=device)
    raise InputError(f"expected a known way of drawing {spec.name} but got {how}")
