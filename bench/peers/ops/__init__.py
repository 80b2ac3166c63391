"""What a user would otherwise write for each op, a module per family; found here without a list."""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from inputs import Tensors
from plans import Case, Settings
from twins import Calls, Twins

Function = Callable[[Tensors, Settings], Tensors]


@dataclass(frozen=True)
class Op:
    """One op's compositions: functions of the inputs that give outputs by the names that the plan has. The first output is
    the one that is differentiated."""

    eager: Function
    # In float64; the eager form unless that one would not be exact there.
    reference: Function | None = None
    # The inputs that the reference may cut along their first dimension, all at once. A reduced loss is then the mean over
    # the slices, weighted by their lengths; another output is cut as the inputs are.
    sliced: tuple[str, ...] = ()
    # Whether the composition draws its own random numbers, so that its result is not the reference's.
    draws: bool = False
    # What our own result may be off by, relative, where the documented error is more than a float32 sum's.
    limit: Callable[[Settings], float] | None = None
    # Other compositions, by the name of the provider.
    peers: Mapping[str, Function] = field(default_factory=dict)
    # Which of them have no gradient.
    forward_only: tuple[str, ...] = ()
    # Peers that make their gradient themselves: calls by mode, or nothing where they are not installed.
    fused_peers: Mapping[str, Callable[[Case], Calls | None]] = field(default_factory=dict)
    # The same algorithm in CUDA C++, where the twin takes the case.
    twin: Callable[[Case, Twins], Calls | None] | None = None

    def expected(self, inputs: Tensors, settings: Settings) -> Tensors:
        return (self.reference or self.eager)(inputs, settings)


def catalog() -> dict[str, Op]:
    """Every op by its name."""
    ops: dict[str, Op] = {}
    for module in pkgutil.iter_modules(__path__):
        found: dict[str, Op] = getattr(importlib.import_module(f"{__name__}.{module.name}"), "OPS", {})
        twice = ops.keys() & found.keys()
        if twice:
            raise ValueError(f"expected each op once but {', '.join(sorted(twice))} is in two modules")
        ops.update(found)
    return ops


def of(case: Case) -> Op:
    return catalog()[case.op]
