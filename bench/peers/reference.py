"""The ops in float64, in slices of rows: what every provider's result is compared with."""

from dataclasses import dataclass

import torch
from torch import Tensor

from cases import ALPHA, TEMPERATURE, Case, Inputs

# Elements of one slice; float64 and half a dozen temporaries of it fit beside the largest inputs.
SLICE = 1 << 25


@dataclass(frozen=True)
class Errors:
    loss: float
    gradient: float | None


def log_softmax(z: Tensor) -> Tensor:
    return torch.log_softmax(z, dim=1)


def slice_of(op: str, student: Tensor, teacher: Tensor | None, labels: Tensor | None) -> tuple[Tensor, Tensor]:
    """Sum of the rows' losses and their gradient, for float64 inputs, without any reduction."""
    log_q = log_softmax(student / TEMPERATURE)
    q = log_q.exp()
    if op == "softmax-entropy":
        entropy = -(q * log_q).sum(dim=1, keepdim=True)
        return entropy.sum(), -q * (log_q + entropy) / TEMPERATURE
    assert teacher is not None
    log_p = log_softmax(teacher / TEMPERATURE)
    p = log_p.exp()
    loss = (p * (log_p - log_q)).sum() * TEMPERATURE**2
    gradient = (q - p) * TEMPERATURE
    if op == "tempered-kl":
        return loss, gradient
    assert labels is not None
    log_probabilities = log_softmax(student)
    targets = labels.unsqueeze(1)
    cross_entropy = -log_probabilities.gather(1, targets).sum()
    hard = log_probabilities.exp()
    hard.scatter_add_(1, targets, -torch.ones_like(targets, dtype=hard.dtype))
    return (1 - ALPHA) * cross_entropy + ALPHA * loss, (1 - ALPHA) * hard + ALPHA * gradient


def errors(case: Case, inputs: Inputs, loss: Tensor, gradient: Tensor | None) -> Errors:
    """Relative error of the BatchMean loss, and of the gradient in the Euclidean norm. NaN anywhere gives NaN."""
    step = max(1, SLICE // max(1, case.elements // case.shape[0]))
    total = torch.zeros((), dtype=torch.float64, device=inputs.student.device)
    off = torch.zeros_like(total)
    norm = torch.zeros_like(total)
    with torch.no_grad():
        for start in range(0, case.shape[0], step):
            rows = slice(start, start + step)
            part = slice_of(
                case.op, inputs.student[rows].double(),
                None if inputs.teacher is None else inputs.teacher[rows].double(),
                None if inputs.labels is None else inputs.labels[rows])
            total += part[0]
            if gradient is not None:
                expected = part[1] / case.rows
                off += (gradient[rows].double() - expected).square().sum()
                norm += expected.square().sum()
        total /= case.rows
        relative = ((loss.double() - total).abs() / total.abs()).item()
        return Errors(relative, None if gradient is None else (off / norm).sqrt().item())
