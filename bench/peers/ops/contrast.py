"""Contrastive losses between embeddings, and the bounded regression of boxes."""

import torch
import torch.nn.functional as functional
from torch import Tensor

from inputs import Tensors
from ops import Op
from plans import Settings


def cosine_kl(x: Tensors, settings: Settings) -> Tensors:
    """Normalise, two matrix products, log-softmaxes, divergence: the authors' code."""
    temperature = settings["temperature"]

    def similarities(whose: str) -> Tensor:
        augmented, normal = (functional.normalize(x[f"{whose}_{kind}"], dim=1) for kind in ("augmented", "normal"))
        return augmented @ normal.t() / temperature

    log_q = functional.log_softmax(similarities("student"), dim=1)
    p = functional.softmax(similarities("teacher"), dim=1)
    return {"loss": functional.kl_div(log_q, p, reduction="batchmean") * temperature**2}


def crd_loss(scores: Tensor, bank_rows: int, settings: Settings) -> Tensor:
    """The NCE form of [B, 1 + K] products with the rows, the positive's first: the reference's code."""
    count = scores.shape[1] - 1
    x = torch.exp(scores / settings["temperature"]) / settings["normalizer"]
    share, epsilon = count / bank_rows, settings["epsilon"]
    positive = torch.log(x[:, 0] / (x[:, 0] + share + epsilon))
    negatives = torch.log(share / (x[:, 1:] + share + epsilon))
    return -(positive.sum() + negatives.sum()) / scores.shape[0]


def exact_crd_loss(x: Tensors, settings: Settings) -> Tensors:
    """In the log domain, where nothing overflows."""
    anchors, bank = x["anchors"], x["bank"]
    chosen = torch.cat((x["positives"].unsqueeze(1), x["negatives"]), dim=1)
    scores = torch.stack([bank[rows] @ anchor for anchor, rows in zip(anchors, chosen)])
    share, epsilon = x["negatives"].shape[1] / bank.shape[0], settings["epsilon"]
    offset = torch.log(torch.tensor([settings["normalizer"], share + epsilon], dtype=scores.dtype)).sum().item()
    a = scores / settings["temperature"] - offset
    constant = x["negatives"].shape[1] * torch.log1p(torch.tensor(epsilon / share, dtype=scores.dtype)).item()
    rows = functional.softplus(-a[:, 0]) + functional.softplus(a[:, 1:]).sum(dim=1) + constant
    return {"loss": rows.mean()}


def crd_contrast(x: Tensors, settings: Settings) -> Tensors:
    """The rows gathered into [B, 1 + K, D], then a batched product: the reference's code."""
    anchors, bank = x["anchors"], x["bank"]
    chosen = torch.cat((x["positives"].unsqueeze(1), x["negatives"]), dim=1)
    rows = torch.index_select(bank, 0, chosen.flatten()).view(*chosen.shape, bank.shape[1])
    return {"loss": crd_loss(torch.bmm(rows, anchors.unsqueeze(2)).squeeze(2), bank.shape[0], settings)}


def crd_whole_bank(x: Tensors, settings: Settings) -> Tensors:
    """All products with the bank by one matrix product, then those that are needed."""
    chosen = torch.cat((x["positives"].unsqueeze(1), x["negatives"]), dim=1)
    scores = (x["anchors"] @ x["bank"].t()).gather(1, chosen)
    return {"loss": crd_loss(scores, x["bank"].shape[0], settings)}


def teacher_bounded(x: Tensors, settings: Settings) -> Tensors:
    student, target = x["student"], x["target"]
    inside = x["foreground"] != 0
    off = (student - target).square().sum(dim=1)
    bound = (x["teacher"] - target).square().sum(dim=1)
    loss = torch.where(off + settings["margin"] > bound, off * settings["bound_weight"], torch.zeros_like(off))
    if settings["smooth_l1"]:
        loss = loss + functional.smooth_l1_loss(student, target, reduction="none", beta=settings["beta"]).sum(dim=1)
    return {"loss": (loss * inside).sum() / inside.sum()}


OPS = {
    "cosine-kl": Op(cosine_kl),
    "crd-contrast": Op(
        crd_contrast, reference=exact_crd_loss, sliced=("anchors", "positives", "negatives"),
        peers={"whole-bank-gemm": crd_whole_bank}),
    "teacher-bounded": Op(teacher_bounded),
}
