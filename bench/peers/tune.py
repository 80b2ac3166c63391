"""Times every kernel variant that accepts a shape, over several grids, alternating: which one should the library
choose?

The mark * is what it chooses today. A variant whose result is wrong is marked, and fails the run.
"""

import argparse
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import torch

import fingerprint
import measure
import ours
import reference
from cases import Case, Inputs, all_cases, make_inputs

# Blocks per multiprocessor relative to what fits, to see whether fewer rows in flight would help L2.
GRID_FACTORS = (0.25, 0.5, 1.0)
ROUNDS = 15


@dataclass(frozen=True)
class Candidate:
    launcher: ours.Launcher
    label: str
    chosen: bool
    right: bool


def candidates(
        driver: ours.Driver, manifest: ours.Manifest, case: Case, gradient: bool, device: torch.device) -> list[ours.Launcher]:
    """Every variant with its own grid, and with smaller ones where the grid is free."""
    found = []
    for launcher in ours.launchers(driver, manifest, case, gradient, device):
        found.append(launcher)
        if launcher.kernel.kind == "split":
            continue
        limits = ours.limits_of(device)
        resident = driver.resident_blocks(launcher.kernel)
        tiles = ours.tiles_of(launcher.kernel, case)
        for factor in GRID_FACTORS:
            blocks = max(1, min(tiles, int(limits.multiprocessors * max(1, resident * factor))))
            if all(blocks != other.blocks for other in found if other.kernel is launcher.kernel):
                found.append(ours.Launcher(driver, launcher.kernel, case, blocks, device, launcher.count))
    return found


def check(launcher: ours.Launcher, case: Case, inputs: Inputs, gradient: bool) -> bool:
    """Into outputs that are full of NaN, so that an element nobody wrote is seen."""
    target = torch.full_like(inputs.student, float("nan"), requires_grad=False) if gradient else None
    outputs = launcher.outputs(target)
    assert outputs.loss is not None
    outputs.loss.fill_(float("nan"))
    launcher.launch(inputs, outputs)
    errors = reference.errors(case, inputs, outputs.loss, target)
    limit = 1e-5 if case.dtype == "float32" else 4e-3
    return errors.loss <= 1e-5 and (errors.gradient is None or errors.gradient <= limit)


def tune_case(
        driver: ours.Driver, manifest: ours.Manifest, case: Case, gradient: bool, device: torch.device) -> list[dict[str, object]]:
    limits = ours.limits_of(device)
    sets = measure.input_sets(case.input_bytes, limits.l2_bytes)
    inputs = [make_inputs(case, device, seed=2000 + number) for number in range(sets)]
    today = ours.chosen(driver, manifest, case, gradient, device)
    found = [
        Candidate(
            launcher, f"{launcher.kernel.name} x {launcher.blocks}",
            launcher.kernel is today.kernel and launcher.blocks == today.blocks, check(launcher, case, inputs[0],
                gradient))
        for launcher in candidates(driver, manifest, case, gradient, device)]
    timed = []
    for candidate in found:
        run = candidate.launcher.forward_with_gradient if gradient else candidate.launcher.forward
        timed.append(measure.as_graph(candidate.label, [lambda i=i, run=run: run(i) for i in inputs]))
    measure.alternate(timed, ROUNDS, seconds=2)
    rows = []
    for candidate, time_of in sorted(zip(found, timed), key=lambda pair: pair[1].quantiles().p50):
        times = time_of.quantiles()
        rows.append({
            "op": case.op, "shape": list(case.shape), "dtype": case.dtype,
            "mode": "forward+gradient" if gradient else "forward", "variant": candidate.launcher.kernel.name,
            "kind": candidate.launcher.kernel.kind, "blocks": candidate.launcher.blocks, "chosen": candidate.chosen,
            "right": candidate.right, "p20_us": times.p20, "p50_us": times.p50, "p80_us": times.p80})
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--ptx", type=Path, required=True)
    parser.add_argument("--stamp", type=Path)
    parser.add_argument("--device", default="cuda", help="cuda, or cpu to check the manifest only")
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--match", default="", help="only cases whose name contains this")
    options = parser.parse_args()
    manifest = ours.Manifest(options.ptx)
    if options.device == "cpu":
        print(f"{len(manifest.kernels)} kernels in the manifest; nothing to time on the CPU")
        return 0
    if not torch.cuda.is_available():
        print("no CUDA device: nothing timed", file=sys.stderr)
        return 4

    device = torch.device(options.device)
    torch.zeros(1, device=device)
    driver = ours.Driver()
    machine = fingerprint.of_machine(device, options.stamp)
    until, wrong, late, too_large = time.perf_counter() + options.seconds, 0, 0, 0
    with options.out.open("w", encoding="utf-8") as file:
        file.write(json.dumps({"machine": machine, "state": fingerprint.gpu_state()}) + "\n")
        for case in all_cases():
            free, _ = torch.cuda.mem_get_info(device)
            if options.match not in str(case) or 4 * case.tensor_bytes > 0.9 * free:
                continue
            for gradient in (False, True):
                if time.perf_counter() > until:
                    late += 1
                    continue
                try:
                    rows = tune_case(driver, manifest, case, gradient, device)
                except (torch.cuda.OutOfMemoryError, ours.KernelError) as e:
                    print(f"{case}: {e}", file=sys.stderr)
                    too_large += isinstance(e, torch.cuda.OutOfMemoryError)
                    wrong += isinstance(e, ours.KernelError)
                    torch.cuda.empty_cache()
                    continue
                print(f"{case} {'forward+gradient' if gradient else 'forward'}")
                for row in rows:
                    file.write(json.dumps(row | {"fingerprint": machine["id"]}) + "\n")
                    mark = ("*" if row["chosen"] else " ") + ("" if row["right"] else " WRONG RESULT")
                    print(f"    {row['p50_us']:11.2f} us  {row['variant']} x {row['blocks']} {mark}")
                    wrong += not row["right"]
                torch.cuda.empty_cache()
    print(f"{wrong} wrong results or missing kernels, not timed: {late} for lack of time, {too_large} for lack of memory")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
