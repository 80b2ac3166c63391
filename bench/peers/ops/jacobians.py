"""Derivatives of the softmax along tangents, layers of dual numbers, and the match of normalised Jacobian rows."""

import torch
import torch.nn.functional as functional
from torch import Tensor

from inputs import Tensors
from ops import Op
from plans import Settings


def is_log(settings: Settings) -> bool:
    return settings["of"] == "log-softmax"


def softmax_jvp(x: Tensors, settings: Settings) -> Tensors:
    """p (v - <p, v>) / T, written out; the logarithm's has no p before the bracket."""
    temperature, tangents = settings["temperature"], x["tangents"]
    p = functional.softmax(x["logits"] / temperature, dim=1).unsqueeze(1)
    centred = (tangents - (p * tangents).sum(dim=2, keepdim=True)) / temperature
    return {"result": centred if is_log(settings) else p * centred}


def softmax_jvp_bmm(x: Tensors, settings: Settings) -> Tensors:
    """The products with p as a matrix product."""
    temperature, tangents = settings["temperature"], x["tangents"]
    p = functional.softmax(x["logits"] / temperature, dim=1).unsqueeze(1)
    centred = (tangents - torch.bmm(tangents, p.transpose(1, 2))) / temperature
    return {"result": centred if is_log(settings) else p * centred}


def softmax_jvp_func(x: Tensors, settings: Settings) -> Tensors:
    """torch.func, as its documentation has it: forward mode, vectorised over the tangents."""
    function = functional.log_softmax if is_log(settings) else functional.softmax

    def along(tangent: Tensor) -> Tensor:
        return torch.func.jvp(
            lambda z: function(z / settings["temperature"], dim=1), (x["logits"],), (tangent,))[1]

    return {"result": torch.func.vmap(along, in_dims=1, out_dims=1)(x["tangents"])}


def dual_relu(x: Tensors, settings: Settings) -> Tensors:
    stack = x["stack"]
    return {"result": stack * (stack[:1] > 0)}


def dual_max_pool(x: Tensors, settings: Settings) -> Tensors:
    """The maxima's positions from torch, the tangents gathered there."""
    stack = x["stack"]
    primal, where = functional.max_pool2d(
        stack[0], settings["kernel"], settings["stride"], settings["padding"], return_indices=True)
    positions = where.flatten(1).unsqueeze(0).expand(stack.shape[0] - 1, -1, -1)
    tangents = stack[1:].flatten(2).gather(2, positions).view(-1, *primal.shape)
    return {"result": torch.cat((primal.unsqueeze(0), tangents))}


def dual_batch_norm(x: Tensors, settings: Settings) -> Tensors:
    """torch's own for the values, a factor for the tangents."""
    stack, weight = x["stack"], x["weight"]
    batch = stack.shape[0] // (1 + settings["tangents"])
    values = functional.batch_norm(
        stack[:batch], x["mean"], x["variance"], weight, x["bias"], training=False, eps=settings["epsilon"])
    factor = (weight * torch.rsqrt(x["variance"] + settings["epsilon"]))[:, None, None]
    return {"result": torch.cat((values, stack[batch:] * factor))}


def normalized_match(x: Tensors, settings: Settings) -> Tensors:
    student, teacher = (functional.normalize(x[name], dim=1, eps=settings["epsilon"]) for name in ("student", "teacher"))
    return {"loss": (student - teacher).square().sum(dim=1).mean()}


def match_by_cosine(x: Tensors, settings: Settings) -> Tensors:
    """What equals it where no norm is below epsilon, at the cost of all digits where the rows nearly agree."""
    return {"loss": (2 - 2 * functional.cosine_similarity(x["student"], x["teacher"], dim=1)).mean()}


OPS = {
    "softmax-jvp": Op(
        softmax_jvp, sliced=("logits", "tangents"),
        peers={"bmm": softmax_jvp_bmm} | ({"torch.func": softmax_jvp_func} if hasattr(torch, "func") else {})),
    "dual-relu": Op(dual_relu),
    "dual-max-pool": Op(dual_max_pool),
    "dual-batch-norm": Op(dual_batch_norm),
    "normalized-match": Op(normalized_match, sliced=("student", "teacher"), peers={"cosine-similarity": match_by_cosine}),
}
