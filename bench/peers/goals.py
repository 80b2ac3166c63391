"""What was promised of each op and shape, and what of it a run has measured.

A goal names its records by op and, where it does not hold for all, by shape, form, dtype and least size; its measure is a
share of the copy bandwidth measured in the same process, a factor over a peer, or microseconds inside a graph.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from plans import FORWARD, GRADIENT, Case

Record = dict[str, Any]

SHARE, FASTER, MICROSECONDS, LAUNCHES = "% of copy", "x", "us", "launches"
OURS = "kdkernels"
LARGE = 80_000_000

# Below, bandwidth does not matter: inputs that a launch's own time outlasts.
SMALL = 4_000_000


@dataclass(frozen=True)
class Goal:
    op: str
    measure: str
    value: float
    # The peer of a factor: the fastest provider whose name begins with it.
    peer: str = ""
    mode: str = GRADIENT
    shapes: tuple[tuple[int, ...], ...] = ()
    form: str | None = None
    dtype: str = ""
    least_bytes: int = 0
    most_bytes: int = 1 << 62
    cache: str = "cold"
    besides: tuple[str, ...] = ()

    def applies(self, record: Record) -> bool:
        return (
            self.op in (record["op"], "*") and record["op"] not in self.besides and record["provider"] == OURS
            and record["mode"] == self.mode and record["cache"] == self.cache
            and self.least_bytes <= record["bytes_min"] <= self.most_bytes
            and (not self.shapes or tuple(record["shape"]) in self.shapes)
            and (self.form is None or record["form"] == self.form)
            and (not self.dtype or record["dtype"] == self.dtype))

    def __str__(self) -> str:
        sign = ">=" if self.measure in (SHARE, FASTER) else "<="
        return f"{sign} {self.value:g} {self.measure}{' ' + self.peer if self.peer else ''}"


@dataclass(frozen=True)
class Verdict:
    """One goal at one record; `measured` is None where the peer was not there."""

    record: Record
    goal: Goal
    measured: float | None

    @property
    def met(self) -> bool | None:
        if self.measured is None:
            return None
        return self.measured >= self.goal.value if self.goal.measure in (SHARE, FASTER) else self.measured <= self.goal.value


def share(op: str, value: float, **where: Any) -> Goal:
    return Goal(op, SHARE, value, **where)


def faster(op: str, value: float, peer: str, **where: Any) -> Goal:
    return Goal(op, FASTER, value, peer, **where)


LLM_32K = ((8192, 32000),)
LLM_128K = ((8192, 128256), (4096, 128256))
# Whose gradients need an upstream gradient, or all of the forward pass, first: another launch.
TWO_STEPS = ("softmax-jvp", "dual-relu", "dual-max-pool", "dual-batch-norm", "fsp-gram", "fsp-loss", "noise-probe")
FSP = ((128, 64, 64, 32, 32),)

GOALS: tuple[Goal, ...] = (
    share("tempered-kl", 80, shapes=LLM_32K),
    share("tempered-kl", 70, shapes=LLM_128K),
    *(faster("tempered-kl", factor, peer, shapes=LLM_32K + LLM_128K)
        for factor, peer in ((5, "eager"), (1.5, "torch.compile"), (2.5, "liger"))),
    share("softmax-entropy", 85, least_bytes=LARGE),
    share("softmax-jvp", 85, mode=FORWARD, least_bytes=LARGE),
    faster("softmax-jvp", 3, "eager", mode=FORWARD, least_bytes=LARGE),
    share("normalized-match", 85, least_bytes=LARGE),
    faster("normalized-match", 3.5, "eager", least_bytes=LARGE),
    share("attention-squared", 80, form="nchw", least_bytes=LARGE),
    share("attention-squared", 80, form="nhwc", least_bytes=LARGE),
    share("attention-squared", 70, form="7x7"),
    faster("attention-squared", 2.5, "eager", least_bytes=LARGE),
    faster("attention-squared", 0.95, "torch.compile", least_bytes=LARGE),
    share("pixel-entropy", 85, least_bytes=LARGE),
    faster("pixel-entropy", 5, "eager", least_bytes=LARGE),
    faster("fsp-gram", 1.2, "cublas-float32", mode=FORWARD, shapes=FSP, form="float32"),
    faster("fsp-gram", 1.0, "cublas-tf32", mode=FORWARD, shapes=FSP, form="tf32"),
    faster("fsp-loss", 1.2, "cublas-float32", mode=FORWARD, shapes=FSP, form="float32"),
    faster("fsp-loss", 1.0, "cublas-tf32", mode=FORWARD, shapes=FSP, form="tf32"),
    faster("crd-contrast", 10, "eager"),
    faster("cosine-kl", 3, "eager"),
    *(faster("*", 0.9, "cuda-twin", mode=mode) for mode in (FORWARD, GRADIENT)),
    *(Goal("*", measure, value, mode=FORWARD, most_bytes=SMALL) for measure, value in ((MICROSECONDS, 5), (LAUNCHES, 1))),
    *(Goal("*", measure, value, most_bytes=SMALL, besides=TWO_STEPS) for measure, value in ((MICROSECONDS, 5), (LAUNCHES, 1))),
)


def unmeasured(case: Case) -> list[Record]:
    """What the records of a case will be known by."""
    return [
        {"op": case.op, "provider": OURS, "mode": mode.mode, "cache": "cold", "bytes_min": mode.bytes_min,
         "shape": list(case.shape), "form": case.form, "dtype": case.dtype} for mode in case.modes]


def of_its_own(case: Case) -> list[Goal]:
    """The goals that name the case's op."""
    return [goal for goal in GOALS if goal.op != "*" and any(map(goal.applies, unmeasured(case)))]


def telling_first(cases: Iterable[Case]) -> list[Case]:
    """Those that a goal names, then the others, each in their order."""
    return sorted(cases, key=lambda case: not of_its_own(case))


def compares(case: Case, peer: str) -> bool:
    """Whether a goal of the case is a factor over a peer."""
    return any(goal.peer == peer for goal in of_its_own(case))


def same_case(a: Record, b: Record) -> bool:
    return all(a[key] == b[key] for key in ("op", "shape", "dtype", "form", "mode", "cache"))


def measured(goal: Goal, record: Record, records: Iterable[Record]) -> float | None:
    if goal.measure == SHARE:
        return record["pct_copy"]
    if goal.measure == MICROSECONDS:
        return record["p50_us"]
    if goal.measure == LAUNCHES:
        return record["launches"]
    times = [
        other["p50_us"] for other in records if other["provider"].startswith(goal.peer) and same_case(other, record)]
    return min(times) / record["p50_us"] if times else None


def judge(written: Iterable[Record]) -> list[Verdict]:
    """Every goal at every record that it is about; a twin that is not there is no goal."""
    records = [record for record in written if "p50_us" in record]
    found = [
        Verdict(record, goal, measured(goal, record, records))
        for record in records for goal in GOALS if goal.applies(record)]
    return [verdict for verdict in found if verdict.measured is not None or verdict.goal.op != "*"]


def lines(verdicts: Iterable[Verdict]) -> list[str]:
    table = []
    for verdict in verdicts:
        record = verdict.record
        name = f"{record['op']} [{','.join(map(str, record['shape']))}] {record['dtype']} {record['form']}".strip()
        actual = "not measured" if verdict.measured is None else f"{verdict.measured:.2f}"
        word = {True: "met", False: "MISSED", None: "-"}[verdict.met]
        table.append(f"{name:52} {record['mode']:17} {verdict.goal!s:28} {actual:>12} {word}")
    return table


def show(written: Iterable[Record]) -> None:
    verdicts = judge(written)
    print("\nGoals:")
    for line in lines(verdicts):
        print(line)
    met, missed = (sum(verdict.met is answer for verdict in verdicts) for answer in (True, False))
    print(f"{met} met, {missed} missed, {len(verdicts) - met - missed} without a measurement\n")
