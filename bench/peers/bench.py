"""Measures the library's kernels and the peers in one process, alternating, and checks every result against float64.

One JSON line per op, shape, dtype, mode and provider (bench/results/README.md explains the fields). Modes: `forward`,
`forward+gradient` and `backward` are device time, by CUDA-graph replay over rotating inputs; `autograd` is a whole forward
and backward by the host's clock, one live call after the other.
"""

import argparse
import gc
import json
import math
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import torch

import fingerprint
import goals
import inputs
import measure
import ops
import ours
import plans
import providers
import reference
import twins
from driver import Driver, DriverError
from inputs import Tensors
from plans import BACKWARD, FORWARD, GRADIENT, Case
from providers import AUTOGRAD, OURS, Provider

# Beside a forward with its gradient, the gradients alone say something about ours; a peer has no such call.
MODES = (FORWARD, GRADIENT, BACKWARD, AUTOGRAD)

# An input that fits here is measured warm as well: a training step often has just written it. Beyond, what autograd adds on
# the host does not matter.
WARM_LIMIT = 60 * 1000 * 1000
ROUNDS = 31

# A dry run on CPU tensors takes the smallest case of each op, and what is at most as large.
DRY_LIMIT = 4 * 1000 * 1000


@dataclass(frozen=True)
class Settings:
    device: torch.device
    kernels: ours.Kernels | None
    twins: twins.Twins | None
    l2_bytes: int
    copy_rate: float
    seconds_per_mode: float
    peers: str
    compiles_all: bool
    until: float


@dataclass(frozen=True)
class Quality:
    """What one provider computes, and the memory it takes."""

    errors: reference.Errors
    peak_extra_bytes: int | None
    repeats_bitwise: bool


@dataclass
class Records:
    """The file of records, and what went wrong on the way."""

    file: TextIO
    identity: str
    written: list[dict[str, Any]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    not_measured: list[str] = field(default_factory=list)

    def write(self, record: dict[str, Any]) -> None:
        self.file.write(json.dumps(record | {"fingerprint": self.identity}) + "\n")
        self.file.flush()
        self.written.append(record)

    def failed(self, case: Case, mode: str, provider: str, reason: str) -> None:
        """A peer that cannot do a case is a fact about the peer; ours or eager failing fails the run."""
        self.write({"case": str(case), "mode": mode, "provider": provider, "error": reason[:500]})
        print(f"{case} {mode} {provider}: {reason}", file=sys.stderr)
        if provider in (OURS, "eager"):
            self.failures.append(f"{case} {mode} {provider}")


def copies(tensors: Tensors) -> Tensors:
    return {name: tensor.detach().clone() for name, tensor in tensors.items()}


def quality_of(provider: Provider, case: Case, mode: str, x: Tensors, device: torch.device) -> Quality:
    """Of the loss with its gradient, for a whole backward."""
    once = provider.calls[GRADIENT if mode == AUTOGRAD else mode]
    # A provider with graphs of its own reuses its output memory.
    first = copies(once(x))
    draws = ops.of(case).draws and provider.name not in (OURS, "cuda-twin")
    errors = reference.Errors(math.nan, math.nan) if draws else reference.errors(case, x, first)
    if device.type != "cuda":
        return Quality(errors, None, repeats_bitwise=True)
    again = once(x)
    same = all(same_bits(first[name], again[name]) for name in first)
    del first, again
    call = provider.calls[mode]
    return Quality(errors, measure.peak_extra_bytes(lambda: call(x)), same)


def same_bits(first: torch.Tensor, second: torch.Tensor) -> bool:
    if not first.is_floating_point():
        return torch.equal(first, second)
    integers = {2: torch.int16, 4: torch.int32, 8: torch.int64}[first.element_size()]
    return torch.equal(first.view(integers), second.detach().view(integers))


def timed_of(provider: Provider, mode: str, sets: list[Tensors], device: torch.device) -> measure.Timed:
    call = provider.calls[mode]
    calls = [lambda x=x: call(x) for x in sets]
    if mode == AUTOGRAD or device.type != "cuda":
        return measure.as_live_calls(provider.name, calls, "wall")
    if provider.capturable:
        return measure.as_graph(provider.name, calls)
    return measure.as_live_calls(provider.name, calls, "events")


def host_median(call: Callable[[Tensors], Tensors], x: Tensors) -> float:
    live = measure.as_live_calls("", [lambda: call(x)], "wall")
    for _ in range(5):
        live.turn()
    return live.host_median()


def measure_mode(
        case: Case, mode: str, cache: str, sets: list[Tensors], who: list[Provider], settings: Settings,
        records: Records) -> None:
    device = settings.device
    ready: list[tuple[Provider, Quality, float, measure.Timed]] = []
    for provider in who:
        if mode not in provider.calls:
            continue
        try:
            quality = quality_of(provider, case, mode, sets[0], device)
            host = host_median(provider.calls[mode], sets[0])
            ready.append((provider, quality, host, timed_of(provider, mode, sets, device)))
        except Exception as e:  # noqa: BLE001 - any peer may fail in any way, and the others are still measured
            records.failed(case, mode, provider.name, f"{type(e).__name__}: {e}")
            release(device)
    clocks_before = fingerprint.gpu_state()
    measure.alternate([timed for *_, timed in ready], ROUNDS, settings.seconds_per_mode)
    clocks_after = fingerprint.gpu_state()
    for provider, quality, host, timed in ready:
        record = record_of(case, mode, provider, quality, timed, settings)
        record |= {
            "host_us": round(timed.host_median() if timed.method == "wall" else host, 3), "cache": cache, "sets": len(sets),
            "clock_before": clocks_before.get("clocks.sm"), "clock_after": clocks_after.get("clocks.sm"),
            "throttle": clocks_after.get("clocks_throttle_reasons.active")}
        records.write(record)
        show(record)
        if provider.name == OURS:
            check_ours(case, mode, quality, records)


def record_of(
        case: Case, mode: str, provider: Provider, quality: Quality, timed: measure.Timed,
        settings: Settings) -> dict[str, Any]:
    times = timed.quantiles()
    planned = case.mode(GRADIENT if mode == AUTOGRAD else mode)
    minimal = planned.bytes_min
    return {
        "op": case.op, "shape": list(case.shape), "dtype": case.dtype, "form": case.form, "mode": mode,
        "provider": provider.name, "p20_us": round(times.p20, 3), "p50_us": round(times.p50, 3),
        "p80_us": round(times.p80, 3), "launches": timed.launches, "bytes_min": minimal, "flops": planned.flops,
        "pct_copy": round(100 * minimal / times.p50 / settings.copy_rate, 2) if settings.copy_rate else None,
        "tflops": round(planned.flops / times.p50 / 1e6, 3) if planned.flops else None,
        "rel_err": finite(quality.errors.value), "grad_rel_err": finite(quality.errors.gradient),
        "peak_extra_bytes": quality.peak_extra_bytes, "method": timed.method, "rounds": times.rounds, "calls": timed.calls,
        "variant": provider.variants.get(GRADIENT if mode == AUTOGRAD else mode, ""),
        "repeats_bitwise": quality.repeats_bitwise,
    }


def finite(value: float | None) -> float | None:
    """JSON has no NaN; a missing error is never a small one."""
    return value if value is not None and math.isfinite(value) else None


def check_ours(case: Case, mode: str, quality: Quality, records: Records) -> None:
    planned = case.mode(GRADIENT if mode == AUTOGRAD else mode)
    values = [spec for spec in planned.outputs if spec.gradient_of is None]
    if values and not quality.errors.value <= reference.limit_of(case, values[0].dtype):
        records.failures.append(f"{case} {mode}: value off by {quality.errors.value:.2e}")
    gradient = quality.errors.gradient
    if planned.gradients and not (gradient is not None and gradient <= reference.limit_of(case, planned.gradients[0].dtype)):
        records.failures.append(f"{case} {mode}: gradient off by {gradient}")
    if not quality.repeats_bitwise:
        records.failures.append(f"{case} {mode}: two calls gave different bits")


def show(record: dict[str, Any]) -> None:
    share = "" if record["pct_copy"] is None else f"{record['pct_copy']:6.1f} % of copy"
    shape = ",".join(map(str, record["shape"])) + ("] " + record["form"] if record["form"] else "]")
    print(
        f"{record['op']:18} [{shape} {record['dtype']:9} {record['mode']:17} {record['cache']:5} {record['provider']:29} "
        f"{record['p50_us']:11.2f} us {share}")


def release(device: torch.device) -> None:
    gc.collect()
    if device.type == "cuda":
        torch.cuda.synchronize()
        torch.cuda.empty_cache()


def fits(case: Case, sets: int, device: torch.device) -> bool:
    """Inputs, outputs for each provider's graph, and what the composed form holds at its peak."""
    if device.type != "cuda":
        return True
    free, _ = torch.cuda.mem_get_info(device)
    outputs = sum(spec.bytes for spec in case.modes[-1].outputs)
    return sets * case.input_bytes + 7 * (case.input_bytes + outputs) < 0.92 * free


def providers_of(case: Case, settings: Settings, records: Records) -> list[Provider]:
    compiles = settings.compiles_all or goals.compares(case, "torch.compile")
    who = providers.peers_of(case, settings.device, settings.peers, compiles)
    if settings.kernels is not None:
        who.insert(0, providers.kdkernels(case, settings.kernels, settings.device))
    if settings.twins is not None:
        try:
            twin = providers.twin(case, settings.twins)
            who += [twin] if twin else []
        except (twins.TwinError, DriverError) as e:
            records.failed(case, "every mode", "cuda-twin", str(e))
    return who


def measure_case(case: Case, settings: Settings, records: Records) -> None:
    device = settings.device
    sets = measure.input_sets(case.input_bytes, settings.l2_bytes) if device.type == "cuda" else 1
    if not fits(case, sets, device):
        records.not_measured.append(f"{case}: not enough device memory")
        return
    given = [inputs.make(case, device, seed=1000 + number) for number in range(sets)]
    who = providers_of(case, settings, records)
    for mode in MODES:
        if mode == AUTOGRAD and not (case.is_loss and case.wanted and case.input_bytes < WARM_LIMIT):
            continue
        if mode != AUTOGRAD and not case.has(mode):
            continue
        if time.perf_counter() > settings.until:
            records.not_measured.append(f"{case} {mode}: out of time")
            continue
        measure_mode(case, mode, "cold", given, who, settings, records)
        release(device)
        warm = mode in (FORWARD, GRADIENT) and case.mode(mode).bytes_min < WARM_LIMIT
        if warm and device.type == "cuda":
            measure_mode(case, mode, "warm", given[:1], who, settings, records)
            release(device)


def dry_cases(cases: list[Case]) -> list[Case]:
    """Of every op what is small, and its smallest case in any event."""
    smallest: dict[str, Case] = {}
    for case in cases:
        if case.op not in smallest or case.input_bytes < smallest[case.op].input_bytes:
            smallest[case.op] = case
    return [case for case in cases if case.input_bytes <= DRY_LIMIT or smallest[case.op] is case]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plan", type=Path, required=True, help="what `KdKernels.Bench plan` wrote")
    parser.add_argument("--out", type=Path, required=True, help="file of JSON lines")
    parser.add_argument("--ptx", type=Path, help="folder of the kernels; without it ours is not measured")
    parser.add_argument("--twins", type=Path, help="native/twins; without it, or without nvcc, there are none")
    parser.add_argument("--stamp", type=Path, help="stamp.json of the archive")
    parser.add_argument("--device", default="cuda", help="cuda, or cpu for a dry run of the harness")
    parser.add_argument("--seconds", type=float, default=600, help="start nothing further after this long")
    parser.add_argument("--match", default="", help="only cases whose name contains one of these, separated by ;")
    parser.add_argument("--peers", default="", help="only peers whose name contains one of these, separated by commas")
    parser.add_argument("--compile", choices=("all", "goals"), default="all",
        help="goals: torch.compile, which takes seconds for each case, only where a goal compares with it")
    options = parser.parse_args()
    device = torch.device(options.device)
    if device.type == "cuda" and not torch.cuda.is_available():
        print("no CUDA device: nothing measured", file=sys.stderr)
        return 4

    until = time.perf_counter() + options.seconds
    planned = plans.read(options.plan)
    machine = fingerprint.of_machine(device, options.stamp) | {"planned_for": planned.device.name}
    with options.out.open("w", encoding="utf-8") as file:
        records = Records(file, machine["id"])
        settings = prepare(device, options, planned, machine, until)
        records.write({"machine": machine, "state": fingerprint.gpu_state()})
        cases = planned.matching(options.match)
        for case in dry_cases(cases) if device.type == "cpu" else goals.telling_first(cases):
            if time.perf_counter() > until:
                records.not_measured.append(f"{case}: out of time")
                continue
            try:
                measure_case(case, settings, records)
            except (torch.cuda.OutOfMemoryError, ours.KernelError, DriverError) as e:
                records.failures.append(f"{case}: {e}")
            release(device)
        records.write(
            {"end": fingerprint.gpu_state(), "not_measured": records.not_measured, "failures": records.failures})
    for sentence in records.not_measured:
        print(f"not measured: {sentence}")
    if device.type == "cuda":
        goals.show(records.written)
    for sentence in records.failures:
        print(f"FAILED: {sentence}")
    print(f"{len(records.failures)} failures, {len(records.not_measured)} cases or modes not measured")
    return 1 if records.failures else 0


def prepare(
        device: torch.device, options: argparse.Namespace, planned: plans.Plans, machine: dict[str, Any],
        until: float) -> Settings:
    if device.type != "cuda":
        return Settings(device, None, None, 0, 0.0, 0.2, options.peers, False, until)
    torch.zeros(1, device=device)
    driver = Driver()
    properties = torch.cuda.get_device_properties(device)
    if planned.device.described or planned.device.multiprocessors != properties.multi_processor_count:
        print(f"note: planned for {planned.device.name}, measured on {properties.name}", file=sys.stderr)
    ceilings = measure.ceilings(device)
    machine |= {"copy_gb_per_s": ceilings.copy / 1e3, "read_gb_per_s": ceilings.read / 1e3}
    release(device)
    return Settings(
        device, ours.Kernels(options.ptx, driver) if options.ptx else None,
        twins.Twins(options.twins, driver, device) if options.twins and twins.compiler() else None,
        planned.device.l2_bytes, ceilings.copy, 1.0, options.peers, options.compile == "all", until)


if __name__ == "__main__":
    sys.exit(main())
