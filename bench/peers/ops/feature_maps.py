"""Losses between feature maps: attention transfer, FSP matrices, the variational likelihood."""

import ctypes

import torch
import torch.nn.functional as functional
from torch import Tensor

from inputs import Tensors
from ops import Function, Op
from plans import BACKWARD, FORWARD, GRADIENT, SIZES, Case, Settings
from twins import Calls, Twins, pointer


def attention(features: Tensor) -> Tensor:
    """The authors' map: mean of squares over the channels, normalised."""
    return functional.normalize(features.pow(2).mean(dim=1).flatten(1))


def attention_squared(x: Tensors, settings: Settings) -> Tensors:
    return {"loss": (attention(x["student"]) - attention(x["teacher"])).pow(2).mean()}


def gram(first: Tensor, second: Tensor) -> Tensor:
    """[B, C1, C2] by cuBLAS; both operands have their pixels side by side."""
    left, right = first.flatten(2), second.flatten(2)
    return torch.bmm(left, right.transpose(1, 2)) / left.shape[2]


def fsp_gram(x: Tensors, settings: Settings) -> Tensors:
    return {"gram": gram(x["features1"], x["features2"])}


def product_limit(settings: Settings) -> float:
    """Products of 10 bits, or of 20 with float32 sums that are off by 2e-6 of the sum of absolute products: of random
    features over 1024 pixels that sum is 20 times what is left of it."""
    return 3e-3 if settings["tf32"] else 4e-5


def fsp_loss(x: Tensors, settings: Settings) -> Tensors:
    difference = gram(x["student1"], x["student2"]) - gram(x["teacher1"], x["teacher2"])
    return {"loss": difference.square().flatten(1).sum(dim=1).mean()}


def with_precision(function: Function, allow_tf32: bool) -> Function:
    """cuBLAS with or without tf32, whatever the process has set."""

    def call(x: Tensors, settings: Settings) -> Tensors:
        before = torch.backends.cuda.matmul.allow_tf32
        torch.backends.cuda.matmul.allow_tf32 = allow_tf32
        try:
            return function(x, settings)
        finally:
            torch.backends.cuda.matmul.allow_tf32 = before

    return call


def fused_gram(x: Tensors, settings: Settings) -> Tensors:
    """One cuBLAS call with the factor in it."""
    left, right = x["features1"].flatten(2), x["features2"].flatten(2)
    nothing = left.new_zeros(())
    return {"gram": torch.baddbmm(nothing, left, right.transpose(1, 2), beta=0, alpha=1 / left.shape[2])}


def fused_fsp(x: Tensors, settings: Settings) -> Tensors:
    """The difference of the two products by two cuBLAS calls into one matrix."""
    s1, s2, t1, t2 = (x[name].flatten(2) for name in ("student1", "student2", "teacher1", "teacher2"))
    teacher = torch.bmm(t1, t2.transpose(1, 2))
    difference = torch.baddbmm(teacher, s1, s2.transpose(1, 2), beta=-1 / t1.shape[2], alpha=1 / s1.shape[2])
    return {"loss": difference.square().flatten(1).sum(dim=1).mean()}


def cublas(function: Function) -> dict[str, Function]:
    return {"cublas-float32": with_precision(function, False), "cublas-tf32": with_precision(function, True)}


def fsp_gram_twin(case: Case, twins: Twins) -> Calls | None:
    """native/twins/fsp_gram.cu: tiles of 64 x 64, split over the pixels where there are too few of them."""
    batch, c1, c2, height, width = case.shape
    pixels = height * width
    vector = 16 // SIZES[case.dtype]
    if not twins.has("fsp_gram.cu") or pixels % vector != 0 or c2 % 2 != 0:
        return None
    product = "tf32" if case.settings["tf32"] else case.dtype
    tiles = batch * -(-c1 // 64) * -(-c2 // 64)
    splits, chunks = 1, -(-pixels // (4 * vector))
    while 2 * splits * tiles <= 3 * twins.multiprocessors and 2 * splits <= chunks:
        splits *= 2
    parts = torch.empty(tiles * splits * 4096, dtype=torch.float32, device=twins.device)
    tickets = torch.zeros(tiles, dtype=torch.int32, device=twins.device)

    def integers(*values: int) -> tuple[ctypes.c_int, ...]:
        return tuple(map(ctypes.c_int, values))

    def forward(x: Tensors) -> Tensors:
        out = torch.empty((batch, c1, c2), dtype=torch.float32, device=twins.device)
        operands = map(pointer, (x["features1"], x["features2"], out, parts, tickets))
        twins.launch(
            "fsp_gram.cu", f"gram_{product}", (tiles * splits,), 128, (*operands, *integers(batch, c1, c2, pixels, splits)))
        return {"gram": out}

    def backward(x: Tensors) -> Tensors:
        found = {}
        # By the first layer U F2, by the second the transpose of U times F1.
        for name, other, rows, inner, transposed in (("features1", "features2", c1, c2, 0), ("features2", "features1", c2, c1, 1)):
            gradient = torch.empty_like(x[name], requires_grad=False)
            operands = map(pointer, (x["upstream"], x[other], gradient))
            grid = batch * -(-pixels // 128) * -(-rows // 64)
            twins.launch(
                "fsp_gram.cu", f"gradient_{product}", (grid,), 256,
                (*operands, *integers(batch, rows, inner, pixels, transposed)))
            found[f"{name}_gradient"] = gradient
        return found

    if case.dtype != "float32":
        return {FORWARD: forward}
    return {FORWARD: forward, GRADIENT: lambda x: forward(x) | backward(x), BACKWARD: backward}


def vid_likelihood(x: Tensors, settings: Settings) -> Tensors:
    """The published code's loss, at its mean over every element."""
    variance = (functional.softplus(x["rho"]) + settings["epsilon"])[:, None, None]
    difference = x["student"] - x["teacher"]
    return {"loss": 0.5 * (difference.square() / variance + torch.log(variance)).mean()}


OPS = {
    "attention-squared": Op(attention_squared, sliced=("student", "teacher")),
    "fsp-gram": Op(
        fsp_gram, sliced=("features1", "features2"), peers=cublas(fused_gram), limit=product_limit,
        twin=fsp_gram_twin),
    "fsp-loss": Op(
        fsp_loss, sliced=("student1", "student2", "teacher1", "teacher2"), peers=cublas(fused_fsp), limit=product_limit),
    # torch's gaussian_nll_loss asks whether a variance is negative, which waits for the device: no peer in a graph.
    "vid-likelihood": Op(vid_likelihood, sliced=("student", "teacher")),
}
