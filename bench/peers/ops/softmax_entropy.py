"""The entropy of a tempered softmax over dimension 1, mean over rows."""

import torch.nn.functional as functional

from inputs import Tensors
from ops import Op
from plans import Settings


def softmax_entropy(x: Tensors, settings: Settings) -> Tensors:
    log_p = functional.log_softmax(x["logits"] / settings["temperature"], dim=1)
    return {"loss": -(log_p.exp() * log_p).sum(dim=1).mean()}


OPS = {"softmax-entropy": Op(softmax_entropy, sliced=("logits",))}
