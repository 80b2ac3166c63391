"""Measures the library's kernels and the peers in one process, alternating, and checks every result against float64.

One JSON line per op, shape, dtype, mode and provider (bench/results/README.md explains the fields). Modes: `forward`
and `forward+gradient` are device time, by CUDA-graph replay over rotating inputs; `autograd` is a whole forward and
backward by the host's clock, one live call after the other.
"""

import argparse
import gc
import json
import math
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import torch

import fingerprint
import measure
import ours
import providers
import reference
from cases import MODES, Case, Inputs, all_cases, make_inputs, small_cases
from providers import Provider

# An input that fits here is measured warm as well: a training step often has just written it.
WARM_LIMIT = 60 * 1000 * 1000
ROUNDS = 31
LARGEST_LOSS_ERROR = 1e-5
LARGEST_GRADIENT_ERROR = {"float32": 1e-5, "float16": 1e-3, "bfloat16": 4e-3}


@dataclass(frozen=True)
class Settings:
    device: torch.device
    ptx: Path | None
    l2_bytes: int
    copy_rate: float
    seconds_per_mode: float


@dataclass(frozen=True)
class Quality:
    """What one provider computes, and the memory it takes."""

    errors: reference.Errors
    peak_extra_bytes: int | None
    repeats_bitwise: bool


class Records:
    """The file of records, and what went wrong on the way."""

    def __init__(self, file: TextIO, identity: str) -> None:
        self._file, self._identity = file, identity
        self.failures: list[str] = []
        self.not_measured: list[str] = []

    def write(self, record: dict[str, Any]) -> None:
        self._file.write(json.dumps(record | {"fingerprint": self._identity}) + "\n")
        self._file.flush()

    def failed(self, case: Case, mode: str, provider: str, reason: str) -> None:
        """A peer that cannot do a case is a fact about the peer; ours or eager failing fails the run."""
        self.write({"case": str(case), "mode": mode, "provider": provider, "error": reason[:500]})
        print(f"{case} {mode} {provider}: {reason}", file=sys.stderr)
        if provider in ("kdkernels", "eager"):
            self.failures.append(f"{case} {mode} {provider}")


def call_of(provider: Provider, mode: str) -> Callable[[Inputs], object]:
    return {"forward": provider.forward, "forward+gradient": provider.gradient, "autograd": provider.autograd}[mode]


def quality_of(provider: Provider, case: Case, mode: str, inputs: Inputs, device: torch.device) -> Quality:
    with_gradient = mode != "forward"

    def once() -> tuple[torch.Tensor, torch.Tensor | None]:
        if with_gradient:
            loss, gradient = provider.gradient(inputs)
            return loss.clone(), gradient
        return provider.forward(inputs).clone(), None

    loss, gradient = once()
    errors = reference.errors(case, inputs, loss, gradient)
    if device.type != "cuda":
        return Quality(errors, None, repeats_bitwise=True)
    same = repeats_bitwise(loss, gradient, once)
    del loss, gradient
    call = call_of(provider, mode)
    return Quality(errors, measure.peak_extra_bytes(lambda: call(inputs)), same)


def repeats_bitwise(
        loss: torch.Tensor, gradient: torch.Tensor | None,
        once: Callable[[], tuple[torch.Tensor, torch.Tensor | None]]) -> bool:
    # A provider with graphs of its own reuses its output memory.
    kept = None if gradient is None else gradient.clone()
    again_loss, again_gradient = once()
    if not torch.equal(loss, again_loss):
        return False
    return kept is None or (again_gradient is not None and torch.equal(kept, again_gradient))


def timed_of(provider: Provider, mode: str, sets: list[Inputs], device: torch.device) -> measure.Timed:
    call = call_of(provider, mode)
    calls = [lambda inputs=inputs: call(inputs) for inputs in sets]
    if mode == "autograd" or device.type != "cuda":
        return measure.as_live_calls(provider.name, calls, "wall")
    if provider.capturable:
        return measure.as_graph(provider.name, calls)
    return measure.as_live_calls(provider.name, calls, "events")


def host_median(provider: Provider, mode: str, inputs: Inputs) -> float:
    live = measure.as_live_calls(provider.name, [lambda: call_of(provider, mode)(inputs)], "wall")
    for _ in range(5):
        live.turn()
    return live.host_median()


def measure_mode(
        case: Case, mode: str, cache: str, sets: list[Inputs], who: list[Provider], settings: Settings, records: Records) -> None:
    device = settings.device
    ready: list[tuple[Provider, Quality, float, measure.Timed]] = []
    for provider in who:
        try:
            quality = quality_of(provider, case, mode, sets[0], device)
            ready.append(
                (provider, quality, host_median(provider, mode, sets[0]), timed_of(provider, mode, sets, device)))
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
        if provider.name == "kdkernels":
            check_ours(case, mode, quality, records)


def record_of(
        case: Case, mode: str, provider: Provider, quality: Quality, timed: measure.Timed,
        settings: Settings) -> dict[str, Any]:
    times = timed.quantiles()
    minimal = case.minimal_bytes(mode)
    return {
        "op": case.op, "shape": list(case.shape), "dtype": case.dtype, "mode": mode, "provider": provider.name,
        "p20_us": round(times.p20, 3), "p50_us": round(times.p50, 3), "p80_us": round(times.p80, 3),
        "launches": timed.launches, "bytes_min": minimal,
        "pct_copy": round(100 * minimal / times.p50 / settings.copy_rate, 2) if settings.copy_rate else None,
        "rel_err": finite(quality.errors.loss), "grad_rel_err": finite(quality.errors.gradient),
        "peak_extra_bytes": quality.peak_extra_bytes, "method": timed.method, "rounds": times.rounds, "calls": timed.calls,
        "variant": provider.variants[0 if mode == "forward" else 1], "repeats_bitwise": quality.repeats_bitwise,
    }


def finite(value: float | None) -> float | None:
    """JSON has no NaN; a missing error is never a small one."""
    return value if value is not None and math.isfinite(value) else None


def check_ours(case: Case, mode: str, quality: Quality, records: Records) -> None:
    if not quality.errors.loss <= LARGEST_LOSS_ERROR:
        records.failures.append(f"{case} {mode}: loss off by {quality.errors.loss:.2e}")
    gradient = quality.errors.gradient
    if gradient is not None and not gradient <= LARGEST_GRADIENT_ERROR[case.dtype]:
        records.failures.append(f"{case} {mode}: gradient off by {gradient:.2e}")
    if not quality.repeats_bitwise:
        records.failures.append(f"{case} {mode}: two calls gave different bits")


def show(record: dict[str, Any]) -> None:
    share = "" if record["pct_copy"] is None else f"{record['pct_copy']:6.1f} % of copy"
    shape = ",".join(map(str, record["shape"]))
    print(
        f"{record['op']:16} [{shape}] {record['dtype']:9} {record['mode']:17} {record['cache']:5} {record['provider']:29} "
        f"{record['p50_us']:11.2f} us {share}")


def release(device: torch.device) -> None:
    gc.collect()
    if device.type == "cuda":
        torch.cuda.synchronize()
        torch.cuda.empty_cache()


def fits(case: Case, sets: int, device: torch.device) -> bool:
    """Inputs, a gradient for each provider's graph, and what the composed form holds at its peak."""
    if device.type != "cuda":
        return True
    free, _ = torch.cuda.mem_get_info(device)
    return sets * case.input_bytes + 20 * case.tensor_bytes < 0.92 * free


def measure_case(case: Case, settings: Settings, records: Records) -> None:
    device = settings.device
    sets = measure.input_sets(case.input_bytes, settings.l2_bytes) if device.type == "cuda" else 1
    if not fits(case, sets, device):
        records.not_measured.append(f"{case}: not enough device memory")
        return
    inputs = [make_inputs(case, device, seed=1000 + number) for number in range(sets)]
    who = providers.peers_of(case, device)
    if settings.ptx is not None:
        try:
            who.insert(0, providers.kdkernels(case, settings.ptx, device))
        except ours.KernelError as e:
            records.failed(case, "every mode", "kdkernels", str(e))
    for mode in MODES:
        measure_mode(case, mode, "cold", inputs, who, settings, records)
        release(device)
        if mode != "autograd" and case.minimal_bytes(mode) < WARM_LIMIT and device.type == "cuda":
            measure_mode(case, mode, "warm", inputs[:1], who, settings, records)
            release(device)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="file of JSON lines")
    parser.add_argument("--ptx", type=Path, help="folder with manifest.json; without it ours is not measured")
    parser.add_argument("--stamp", type=Path, help="stamp.json of the archive")
    parser.add_argument("--device", default="cuda", help="cuda, or cpu for a dry run of the harness")
    parser.add_argument("--seconds", type=float, default=600, help="start no further case after this long")
    parser.add_argument("--match", default="", help="only cases whose name contains this")
    options = parser.parse_args()
    device = torch.device(options.device)
    if device.type == "cuda" and not torch.cuda.is_available():
        print("no CUDA device: nothing measured", file=sys.stderr)
        return 4

    until = time.perf_counter() + options.seconds
    machine = fingerprint.of_machine(device, options.stamp)
    l2_bytes, copy_rate = 0, 0.0
    with options.out.open("w", encoding="utf-8") as file:
        records = Records(file, machine["id"])
        if device.type == "cuda":
            torch.zeros(1, device=device)
            l2_bytes = ours.limits_of(device).l2_bytes
            ceilings = measure.ceilings(device)
            copy_rate = ceilings.copy
            machine |= {"copy_gb_per_s": ceilings.copy / 1e3, "read_gb_per_s": ceilings.read / 1e3}
            release(device)
        records.write({"machine": machine, "state": fingerprint.gpu_state()})
        settings = Settings(device,
            options.ptx if device.type == "cuda" else None, l2_bytes, copy_rate, seconds_per_mode=1.5)
        for case in small_cases() if device.type == "cpu" else all_cases():
            if options.match not in str(case):
                continue
            if time.perf_counter() > until:
                records.not_measured.append(f"{case}: out of time")
                continue
            try:
                measure_case(case, settings, records)
            except torch.cuda.OutOfMemoryError as e:
                records.failures.append(f"{case}: {e}")
            release(device)
        records.write(
            {"end": fingerprint.gpu_state(), "not_measured": records.not_measured, "failures": records.failures})
    for sentence in records.not_measured:
        print(f"not measured: {sentence}")
    for sentence in records.failures:
        print(f"FAILED: {sentence}")
    print(f"{len(records.failures)} failures, {len(records.not_measured)} cases not measured")
    return 1 if records.failures else 0


if __name__ == "__main__":
    sys.exit(main())
