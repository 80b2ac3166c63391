"""A fair Triton peer for tempered-kl: one program per row, one online pass for both softmaxes and the divergence, then
the gradient from a second read (from registers where the row is one block). Tuned by Triton's own autotuner."""

import math

import torch
import triton
import triton.language as tl
from torch import Tensor

# Up to here a row pair is one block and stays in registers.
ONE_BLOCK = 8192


@triton.jit
def _gradient(s, t, lse_s, lse_t, factor):
    return (tl.exp2(s - lse_s) - tl.exp2(t - lse_t)) * factor


@triton.jit
def _one_block(
        student, teacher, gradient, row_loss, classes, scale, loss_factor, gradient_factor,
        BLOCK: tl.constexpr, WITH_GRADIENT: tl.constexpr):
    row = tl.program_id(0).to(tl.int64)
    c = tl.arange(0, BLOCK)
    inside = c < classes
    offsets = row * classes + c
    s = tl.load(student + offsets, mask=inside, other=float("-inf")).to(tl.float32) * scale
    t = tl.load(teacher + offsets, mask=inside, other=float("-inf")).to(tl.float32) * scale
    top_s, top_t = tl.max(s, 0), tl.max(t, 0)
    lse_s = top_s + tl.log2(tl.sum(tl.exp2(s - top_s), 0))
    e = tl.exp2(t - top_t)
    mass = tl.sum(e, 0)
    lse_t = top_t + tl.log2(mass)
    cross = tl.sum(tl.where(inside, e * (t - s), 0.0), 0) / mass
    tl.store(row_loss + row, (cross - lse_t + lse_s) * loss_factor)
    if WITH_GRADIENT:
        tl.store(gradient + offsets, _gradient(s, t, lse_s, lse_t, gradient_factor), mask=inside)


@triton.autotune(
    configs=[triton.Config({"BLOCK": block}, num_warps=warps) for block in (2048, 4096, 8192) for warps in (4, 8, 16)],
    key=["classes", "WITH_GRADIENT"])
@triton.jit
def _many_blocks(
        student, teacher, gradient, row_loss, classes, scale, loss_factor, gradient_factor,
        WITH_GRADIENT: tl.constexpr, BLOCK: tl.constexpr):
    start_of_row = tl.program_id(0).to(tl.int64) * classes
    top_s, top_t = float("-inf"), float("-inf")
    mass_s, mass_t, cross = 0.0, 0.0, 0.0
    for start in range(0, classes, BLOCK):
        c = start + tl.arange(0, BLOCK)
        inside = c < classes
        s = tl.load(student + start_of_row + c, mask=inside, other=float("-inf")).to(tl.float32) * scale
        t = tl.load(teacher + start_of_row + c, mask=inside, other=float("-inf")).to(tl.float32) * scale
        new_s, new_t = tl.maximum(top_s, tl.max(s, 0)), tl.maximum(top_t, tl.max(t, 0))
        e = tl.exp2(t - new_t)
        shrink = tl.exp2(top_t - new_t)
        mass_s = mass_s * tl.exp2(top_s - new_s) + tl.sum(tl.exp2(s - new_s), 0)
        mass_t = mass_t * shrink + tl.sum(e, 0)
        cross = cross * shrink + tl.sum(tl.where(inside, e * (t - s), 0.0), 0)
        top_s, top_t = new_s, new_t
    lse_s, lse_t = top_s + tl.log2(mass_s), top_t + tl.log2(mass_t)
    tl.store(row_loss + tl.program_id(0), (cross / mass_t - lse_t + lse_s) * loss_factor)
    if WITH_GRADIENT:
        for start in range(0, classes, BLOCK):
            c = start + tl.arange(0, BLOCK)
            inside = c < classes
            s = tl.load(student + start_of_row + c, mask=inside, other=0.0).to(tl.float32) * scale
            t = tl.load(teacher + start_of_row + c, mask=inside, other=0.0).to(tl.float32) * scale
            tl.store(gradient + start_of_row + c, _gradient(s, t, lse_s, lse_t, gradient_factor), mask=inside)


def tempered_kl(
        student: Tensor, teacher: Tensor, temperature: float, with_gradient: bool) -> tuple[Tensor, Tensor | None]:
    """BatchMean loss and its gradient for contiguous [N, C]."""
    rows, classes = student.shape
    gradient = torch.empty_like(student, requires_grad=False) if with_gradient else None
    row_loss = torch.empty(rows, dtype=torch.float32, device=student.device)
    arguments = (
        student, teacher, gradient if gradient is not None else student, row_loss, classes,
        math.log2(math.e) / temperature, temperature**2 * math.log(2) / rows, temperature / rows)
    if classes <= ONE_BLOCK:
        block = triton.next_power_of_2(classes)
        warps = 4 if block <= 1024 else 8 if block <= 4096 else 16
        _one_block[(rows,)](*arguments, BLOCK=block, WITH_GRADIENT=with_gradient, num_warps=warps)
    else:
        _many_blocks[(rows,)](*arguments, WITH_GRADIENT=with_gradient)
    return row_loss.sum(), gradient
