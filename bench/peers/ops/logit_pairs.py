"""Losses between a student's and a teacher's logits; the classes are dimension 1, the reduction is the mean over rows."""

import ctypes
import importlib
import math
from typing import Any

import torch
import torch.nn.functional as functional
from torch import Tensor

from inputs import Tensors
import philox
from ops import Op
from plans import FORWARD, GRADIENT, Case, Settings
from twins import Calls, Twins, pointer

PAIR = ("student", "teacher")


def rows_of(logits: Tensor) -> int:
    return logits.numel() // logits.shape[1]


def kl(student: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    """The textbook form."""
    log_q = functional.log_softmax(student / temperature, dim=1)
    p = functional.softmax(teacher / temperature, dim=1)
    if student.dim() == 2:
        return functional.kl_div(log_q, p, reduction="batchmean") * temperature**2
    return functional.kl_div(log_q, p, reduction="sum") * (temperature**2 / rows_of(student))


def tempered_kl(x: Tensors, settings: Settings) -> Tensors:
    return {"loss": kl(x["student"], x["teacher"], settings["temperature"])}


def hinton_loss(x: Tensors, settings: Settings) -> Tensors:
    alpha = settings["alpha"]
    hard = functional.cross_entropy(x["student"], x["labels"])
    return {"loss": (1 - alpha) * hard + alpha * kl(x["student"], x["teacher"], settings["temperature"])}


def reverse_kl(x: Tensors, settings: Settings) -> Tensors:
    return {"loss": kl(x["teacher"], x["student"], settings["temperature"])}


def jsd(x: Tensors, settings: Settings) -> Tensors:
    """The mixture by logaddexp, as TRL writes it."""
    temperature, beta = settings["temperature"], settings["beta"]
    log_q = functional.log_softmax(x["student"] / temperature, dim=1)
    log_p = functional.log_softmax(x["teacher"] / temperature, dim=1)
    log_m = torch.logaddexp(log_p + math.log(beta), log_q + math.log(1 - beta))
    teachers = functional.kl_div(log_m, log_p, reduction="none", log_target=True)
    students = functional.kl_div(log_m, log_q, reduction="none", log_target=True)
    return {"loss": (beta * teachers + (1 - beta) * students).sum(dim=1).mean() * temperature**2}


def total_variation(x: Tensors, settings: Settings) -> Tensors:
    temperature = settings["temperature"]
    q, p = (functional.softmax(x[name] / temperature, dim=1) for name in PAIR)
    return {"loss": 0.5 * (p - q).abs().sum(dim=1).mean()}


def decoupled_kd(x: Tensors, settings: Settings) -> Tensors:
    """The authors' code: both parts through a mask of the label."""
    temperature, alpha, beta = settings["temperature"], settings["alpha"], settings["beta"]
    student, teacher = x["student"] / temperature, x["teacher"] / temperature
    label = functional.one_hot(x["labels"], student.shape[1]).bool()
    q, p = functional.softmax(student, dim=1), functional.softmax(teacher, dim=1)

    def binary(probabilities: Tensor) -> Tensor:
        mine = (probabilities * label).sum(dim=1, keepdim=True)
        return torch.cat((mine, (probabilities * ~label).sum(dim=1, keepdim=True)), dim=1)

    target = functional.kl_div(torch.log(binary(q)), binary(p), reduction="batchmean")
    rest = functional.kl_div(
        functional.log_softmax(student - 1000.0 * label, dim=1), functional.softmax(teacher - 1000.0 * label, dim=1),
        reduction="batchmean")
    return {"loss": (alpha * target + beta * rest) * temperature**2}


def logit_regression(x: Tensors, settings: Settings) -> Tensors:
    return {"loss": 0.5 * (x["student"] - x["teacher"]).square().sum() / rows_of(x["student"])}


def mse(x: Tensors, settings: Settings) -> Tensors:
    """torch's own."""
    student = x["student"]
    return {"loss": functional.mse_loss(student, x["teacher"], reduction="sum") * (0.5 / rows_of(student))}


def noisy_logits(x: Tensors, settings: Settings) -> Tensors:
    """With torch's noise, which is other noise than ours."""
    teacher = x["teacher"]
    chosen = torch.rand((teacher.shape[0], 1), device=teacher.device) < settings["alpha"]
    noise = torch.randn_like(teacher) * settings["sigma"] * chosen
    return {"loss": 0.5 * (x["student"] - teacher * (1 + noise)).square().sum() / rows_of(teacher)}


def exact_noisy_logits(x: Tensors, settings: Settings) -> Tensors:
    """With the library's noise."""
    teacher = x["teacher"]
    rows, classes = teacher.shape
    noise = philox.normals(
        settings["seed"], philox.NOISY_LOGITS, settings["step"], torch.arange(rows, device=teacher.device), classes)
    chosen = philox.uniform(
        settings["seed"], philox.NOISY_LOGITS_SELECTION, settings["step"],
        torch.arange(rows, device=teacher.device)) < settings["alpha"]
    noisy = teacher * (1 + settings["sigma"] * noise * chosen.unsqueeze(1))
    return {"loss": 0.5 * (x["student"] - noisy).square().sum() / rows}


def soft_cross_entropy(x: Tensors, settings: Settings) -> Tensors:
    temperature = settings["temperature"]
    log_q = functional.log_softmax(x["student"] / temperature, dim=1)
    p = functional.softmax(x["teacher"] / temperature, dim=1)
    return {"loss": -(x["class_weights"] * p * log_q).sum(dim=1).mean() * temperature**2}


def library_cross_entropy(x: Tensors, settings: Settings) -> Tensors:
    """torch's own, which takes probabilities: its weights are those of the classes, and do not change its divisor."""
    temperature = settings["temperature"]
    p = functional.softmax(x["teacher"] / temperature, dim=1)
    loss = functional.cross_entropy(
        x["student"] / temperature, p, weight=x["class_weights"].to(p.dtype), reduction="sum")
    return {"loss": loss * (temperature**2 / rows_of(x["student"]))}


def installed(module: str) -> Any:
    """A module, or None."""
    try:
        return importlib.import_module(module)
    except ImportError:
        return None


def liger(x: Tensors, settings: Settings) -> Tensors:
    """Liger's KL divergence, which takes log-probabilities and probabilities: its softmaxes count."""
    temperature = settings["temperature"]
    divergence = LIGER.LigerKLDIVLoss(reduction="batchmean", log_target=False)
    log_q = functional.log_softmax(x["student"] / temperature, dim=1)
    return {"loss": divergence(log_q, functional.softmax(x["teacher"] / temperature, dim=1)) * temperature**2}


def triton(case: Case) -> Calls | None:
    module = installed("triton_kl")
    if module is None or len(case.shape) != 2:
        return None
    temperature = case.settings["temperature"]

    def forward(x: Tensors) -> Tensors:
        return {"loss": module.tempered_kl(x["student"], x["teacher"], temperature, False)[0]}

    def gradient(x: Tensors) -> Tensors:
        loss, student_gradient = module.tempered_kl(x["student"], x["teacher"], temperature, True)
        return {"loss": loss, "student_gradient": student_gradient}

    return {FORWARD: forward, GRADIENT: gradient}


# Longest row, entry, rows of a block, threads, blocks of a multiprocessor: native/twins/tempered_kl.cu.
KL_TWINS = {
    "float32": (
        (128, "float32_warp_128", 8, 256, 3), (1024, "float32_warp_1024", 8, 256, 2), (8192, "float32_block_8192", 1, 512, 2)),
    "bfloat16": (
        (256, "bfloat16_warp_256", 8, 256, 3), (1024, "bfloat16_warp_1024", 8, 256, 2),
        (32768, "bfloat16_block_32768", 1, 512, 1)),
}


def tempered_kl_twin(case: Case, twins: Twins) -> Calls | None:
    rows, classes = case.shape[0], case.shape[1]
    usable = [kernel for kernel in KL_TWINS.get(case.dtype, ()) if classes <= kernel[0]]
    if len(case.shape) != 2 or not usable or classes % (4 if case.dtype == "float32" else 8) != 0:
        return None
    _, name, rows_of_block, threads, resident = usable[0]
    tiles = -(-rows // rows_of_block)
    grid = min(tiles, twins.multiprocessors * resident)
    partials = torch.zeros(tiles, dtype=torch.float64, device=twins.device)
    counter = torch.zeros(1, dtype=torch.int32, device=twins.device)
    temperature = case.settings["temperature"]
    numbers = (
        ctypes.c_int(rows), ctypes.c_int(classes), ctypes.c_float(math.log2(math.e) / temperature),
        ctypes.c_float(temperature**2), ctypes.c_float(temperature / rows))

    def call(x: Tensors, with_gradient: bool) -> Tensors:
        out = {"loss": torch.empty((), dtype=torch.float32, device=twins.device)}
        if with_gradient:
            out["student_gradient"] = torch.empty_like(x["student"], requires_grad=False)
        operands = (x["student"], x["teacher"], out.get("student_gradient"), out["loss"], partials, counter)
        entry = f"tempered_kl_{name}_{'gradient' if with_gradient else 'forward'}"
        twins.launch("tempered_kl.cu", entry, (grid,), threads, (*map(pointer, operands), *numbers))
        return out

    return {FORWARD: lambda x: call(x, False), GRADIENT: lambda x: call(x, True)}


LIGER = installed("liger_kernel.transformers")

OPS = {
    "tempered-kl": Op(
        tempered_kl, sliced=PAIR, peers={"liger": liger} if LIGER else {}, fused_peers={"triton": triton},
        twin=tempered_kl_twin),
    "hinton-loss": Op(hinton_loss, sliced=(*PAIR, "labels")),
    "reverse-kl": Op(reverse_kl, sliced=PAIR),
    "jsd": Op(jsd, sliced=PAIR),
    "total-variation": Op(total_variation, sliced=PAIR),
    "decoupled-kd": Op(decoupled_kd, sliced=(*PAIR, "labels")),
    "logit-regression": Op(logit_regression, sliced=PAIR, peers={"mse-loss": mse}),
    # Rows are numbered from 0 on, so that a slice would have other noise.
    "noisy-logits": Op(noisy_logits, reference=exact_noisy_logits, draws=True),
    "soft-cross-entropy": Op(
        soft_cross_entropy, sliced=PAIR, peers={"cross-entropy-of-probabilities": library_cross_entropy}),
}
