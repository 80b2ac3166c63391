"""Who is compared: the library's kernels and what a user would otherwise write, each under the same three calls."""

import importlib
import importlib.metadata
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as functional
from torch import Tensor

import ours
from cases import ALPHA, TEMPERATURE, Case, Inputs

LossFunction = Callable[[Tensor, Tensor | None, Tensor | None], Tensor]


@dataclass(frozen=True)
class Provider:
    """`forward` gives the loss without a graph, `gradient` the loss and its gradient, `autograd` runs a full
    backward."""

    name: str
    forward: Callable[[Inputs], Tensor]
    gradient: Callable[[Inputs], tuple[Tensor, Tensor]]
    autograd: Callable[[Inputs], None]
    # A provider that replays graphs of its own cannot be captured into another.
    capturable: bool = True
    variants: tuple[str, str] = ("", "")


# ---- composed forms ----------------------------------------------------------------------------------------------


def eager_tempered_kl(student: Tensor, teacher: Tensor | None, labels: Tensor | None) -> Tensor:
    """The textbook form."""
    assert teacher is not None
    log_q = functional.log_softmax(student / TEMPERATURE, dim=1)
    p = functional.softmax(teacher / TEMPERATURE, dim=1)
    return functional.kl_div(log_q, p, reduction="batchmean") * TEMPERATURE**2


def eager_hinton_loss(student: Tensor, teacher: Tensor | None, labels: Tensor | None) -> Tensor:
    return (1 - ALPHA) * functional.cross_entropy(student, labels) + ALPHA * eager_tempered_kl(student, teacher, labels)


def eager_softmax_entropy(student: Tensor, teacher: Tensor | None, labels: Tensor | None) -> Tensor:
    log_q = functional.log_softmax(student / TEMPERATURE, dim=1)
    return -(log_q.exp() * log_q).sum(dim=1).mean()


COMPOSED: dict[str, LossFunction] = {
    "tempered-kl": eager_tempered_kl,
    "hinton-loss": eager_hinton_loss,
    "softmax-entropy": eager_softmax_entropy,
}


def from_loss(name: str, loss: LossFunction, capturable: bool = True) -> Provider:
    """A provider whose gradient is autograd's."""

    def forward(inputs: Inputs) -> Tensor:
        with torch.no_grad():
            return loss(inputs.student, inputs.teacher, inputs.labels)

    def gradient(inputs: Inputs) -> tuple[Tensor, Tensor]:
        value = loss(inputs.student, inputs.teacher, inputs.labels)
        return value.detach(), torch.autograd.grad(value, inputs.student)[0]

    def autograd(inputs: Inputs) -> None:
        loss(inputs.student, inputs.teacher, inputs.labels).backward()
        inputs.student.grad = None

    return Provider(name, forward, gradient, autograd, capturable)


def compiled(case: Case, mode: str) -> Provider:
    """Captured by us, "default" is what a graph makes of it; "reduce-overhead" makes graphs of its own, which copy the
    inputs that are not its own first."""
    function = torch.compile(COMPOSED[case.op], mode=None if mode == "default" else mode, dynamic=False)
    name = f"torch.compile-{mode}"
    if mode == "default":
        return from_loss(name, function)

    def stepped(student: Tensor, teacher: Tensor | None, labels: Tensor | None) -> Tensor:
        torch.compiler.cudagraph_mark_step_begin()
        return function(student, teacher, labels)

    return from_loss(name, stepped, capturable=False)


def liger(case: Case) -> Provider | None:
    """Liger's KL divergence, which takes log-probabilities and probabilities: its softmaxes count."""
    if case.op != "tempered-kl":
        return None
    try:
        module: Any = importlib.import_module("liger_kernel.transformers")
    except ImportError:
        return None
    divergence = module.LigerKLDIVLoss(reduction="batchmean", log_target=False)

    def loss(student: Tensor, teacher: Tensor | None, labels: Tensor | None) -> Tensor:
        assert teacher is not None
        log_q = functional.log_softmax(student / TEMPERATURE, dim=1)
        return divergence(log_q, functional.softmax(teacher / TEMPERATURE, dim=1)) * TEMPERATURE**2

    return from_loss("liger", loss)


# ---- fused forms -------------------------------------------------------------------------------------------------


class SavedGradient(torch.autograd.Function):
    """A loss whose forward pass makes the gradient; backward multiplies by the upstream gradient, out of place."""

    @staticmethod
    def forward(ctx: Any, student: Tensor, fused: Callable[[], tuple[Tensor, Tensor]]) -> Tensor:
        loss, gradient = fused()
        ctx.save_for_backward(gradient)
        return loss

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor, None]:
        (gradient,) = ctx.saved_tensors
        return gradient * upstream[0].to(gradient.dtype), None


def fused(
        name: str, forward: Callable[[Inputs], Tensor], gradient: Callable[[Inputs], tuple[Tensor, Tensor]],
        variants: tuple[str, str] = ("", "")) -> Provider:

    def autograd(inputs: Inputs) -> None:
        SavedGradient.apply(inputs.student, lambda: gradient(inputs)).backward()
        inputs.student.grad = None

    return Provider(name, forward, gradient, autograd, variants=variants)


def kdkernels(case: Case, ptx: Path, device: torch.device) -> Provider:
    driver, manifest = ours.Driver(), ours.Manifest(ptx)
    forward = ours.chosen(driver, manifest, case, False, device)
    gradient = ours.chosen(driver, manifest, case, True, device)
    return fused(
        "kdkernels", forward.forward, gradient.forward_with_gradient, (forward.kernel.name, gradient.kernel.name))


def triton(case: Case) -> Provider | None:
    if case.op != "tempered-kl":
        return None
    try:
        module: Any = importlib.import_module("triton_kl")
    except ImportError:
        return None

    def forward(inputs: Inputs) -> Tensor:
        return module.tempered_kl(inputs.student, inputs.teacher, False)[0]

    def gradient(inputs: Inputs) -> tuple[Tensor, Tensor]:
        return module.tempered_kl(inputs.student, inputs.teacher, True)

    return fused("triton", forward, gradient)


def peers_of(case: Case, device: torch.device) -> list[Provider]:
    """Every peer that this machine has."""
    eager = from_loss("eager", COMPOSED[case.op])
    if device.type == "cpu":
        return [eager]
    found: list[Provider | None] = [eager]
    if hasattr(torch, "compile"):
        torch.compiler.reset()
        found += [compiled(case, "default"), compiled(case, "reduce-overhead")]
    found += [triton(case), liger(case)]
    return [provider for provider in found if provider is not None]


def versions() -> dict[str, str]:
    """Of everything that is compared."""
    found = {"python": sys.version.split()[0], "torch": torch.__version__}
    for package in ("triton", "liger-kernel"):
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = "absent"
    return found
