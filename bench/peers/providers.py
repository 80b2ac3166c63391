"""Who is compared: the library's kernels and what a user would otherwise write, each with the same calls."""

import importlib.metadata
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

import ops
import ours
import plans
import reference
import twins
from inputs import Tensors
from ops import Function
from plans import FORWARD, GRADIENT, Case

AUTOGRAD = "autograd"
OURS = "kdkernels"

# torch.compile's "reduce-overhead" is about launches: beyond so many bytes it is the default form with copies.
LARGEST_OVERHEAD = 60 * 1000 * 1000

Call = Callable[[Tensors], Tensors]


@dataclass(frozen=True)
class Provider:
    """`calls` by mode: forward without a graph, forward+gradient, backward, and autograd, which is a whole backward of a
    loss with everything that torch does around it."""

    name: str
    calls: Mapping[str, Call]
    # A provider that replays graphs of its own cannot be captured into another.
    capturable: bool = True
    variants: Mapping[str, str] = field(default_factory=dict)


# ---- compositions ------------------------------------------------------------------------------------------------


def composed(name: str, case: Case, function: Function, capturable: bool = True, differentiable: bool = True) -> Provider:
    """A provider whose gradient is autograd's."""
    wanted = case.wanted if differentiable else ()

    def forward(x: Tensors) -> Tensors:
        with torch.no_grad():
            return function(x, case.settings)

    def gradient(x: Tensors) -> Tensors:
        values = function(x, case.settings)
        first = next(iter(values.values()))
        found = torch.autograd.grad(first, [x[name] for name in wanted], reference.upstream_of(first, x))
        return {name: value.detach() for name, value in values.items()} | {
            f"{name}_gradient": one for name, one in zip(wanted, found)}

    def autograd(x: Tensors) -> Tensors:
        next(iter(function(x, case.settings).values())).backward()
        for name in wanted:
            x[name].grad = None
        return {}

    calls: dict[str, Call] = {FORWARD: forward}
    if wanted:
        calls[GRADIENT] = gradient
        if case.is_loss:
            calls[AUTOGRAD] = autograd
    return Provider(name, calls, capturable)


def compiled(case: Case, function: Function, mode: str) -> Provider:
    """Captured by us, "default" is what a graph makes of it; "reduce-overhead" makes graphs of its own, which copy the
    inputs that are not its own first."""
    faster = torch.compile(function, mode=None if mode == "default" else mode, dynamic=False)
    name = f"torch.compile-{mode}"
    if mode == "default":
        return composed(name, case, faster)

    def stepped(x: Tensors, settings: plans.Settings) -> Tensors:
        torch.compiler.cudagraph_mark_step_begin()
        return faster(x, settings)

    return composed(name, case, stepped, capturable=False)


# ---- fused forms -------------------------------------------------------------------------------------------------


class SavedGradients(torch.autograd.Function):
    """A loss whose forward pass makes the gradients; backward multiplies by the upstream gradient, out of place."""

    @staticmethod
    def forward(ctx: Any, fused: Callable[[], tuple[Tensor, list[Tensor]]], *leaves: Tensor) -> Tensor:
        loss, gradients = fused()
        ctx.save_for_backward(*gradients)
        return loss

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor | None, ...]:
        return (None, *(gradient * upstream[0].to(gradient.dtype) for gradient in ctx.saved_tensors))


def fused(name: str, case: Case, calls: Mapping[str, Call], variants: Mapping[str, str] | None = None) -> Provider:
    """Calls that make their gradients themselves; autograd is built around the one with the gradient."""
    found = dict(calls)
    gradient = found.get(GRADIENT)
    if gradient is not None and case.is_loss:

        def autograd(x: Tensors) -> Tensors:
            def both() -> tuple[Tensor, list[Tensor]]:
                values = gradient(x)
                return next(iter(values.values())), [values[f"{leaf}_gradient"] for leaf in case.wanted]

            SavedGradients.apply(both, *(x[leaf] for leaf in case.wanted)).backward()
            for leaf in case.wanted:
                x[leaf].grad = None
            return {}

        found[AUTOGRAD] = autograd
    return Provider(name, found, variants=variants or {})


def kdkernels(case: Case, kernels: ours.Kernels, device: torch.device) -> Provider:
    """What the library launches."""
    calls: dict[str, Call] = {}
    variants: dict[str, str] = {}
    for mode in case.modes:
        calls[mode.mode] = ours.Launcher(kernels, mode, mode.candidates[0], device)
        variants[mode.mode] = mode.candidates[0].variant
    return fused(OURS, case, calls, variants)


def twin(case: Case, known: twins.Twins) -> Provider | None:
    """The same algorithm in CUDA C++."""
    make = ops.of(case).twin
    calls = make(case, known) if make else None
    return fused("cuda-twin", case, calls) if calls else None


def extra(case: Case) -> list[Provider]:
    """Other compositions, and fused peers that are installed here."""
    op = ops.of(case)
    found = [
        composed(name, case, function, differentiable=name not in op.forward_only) for name, function in op.peers.items()]
    for name, make in op.fused_peers.items():
        calls = make(case)
        if calls:
            found.append(fused(name, case, calls))
    return found


def peers_of(case: Case, device: torch.device, wanted: str = "", compiles: bool = True) -> list[Provider]:
    """Every peer that this machine has; `wanted` keeps those whose name has one of its comma-separated parts."""
    op = ops.of(case)
    found = [composed("eager", case, op.eager)]
    if device.type == "cuda" and hasattr(torch, "compile") and compiles:
        torch.compiler.reset()
        modes = ["default"] + (["reduce-overhead"] if case.input_bytes < LARGEST_OVERHEAD else [])
        found += [compiled(case, op.eager, mode) for mode in modes]
    found += extra(case)
    parts = [part for part in wanted.split(",") if part]
    return [provider for provider in found if not parts or any(part in provider.name for part in parts)]


def versions() -> dict[str, str]:
    """Of everything that is compared."""
    found = {"python": sys.version.split()[0], "torch": torch.__version__, "nvcc": twins.compiler_version() or "absent"}
    for package in ("triton", "liger-kernel"):
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = "absent"
    return found
