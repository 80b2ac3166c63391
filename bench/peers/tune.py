"""Times every kernel variant that the library's launchers accept for a case, over several grids, alternating: which one
should the library choose?

The mark * is what it chooses today. A variant whose result is wrong is marked, and fails the run.
"""

import argparse
import json
import sys
import time
from pathlib import Path

import torch

import fingerprint
import inputs
import measure
import ours
import plans
import reference
from driver import Driver, DriverError
from inputs import Tensors
from plans import Candidate, Case, Mode

ROUNDS = 15


def is_right(launcher: ours.Launcher, case: Case, mode: Mode, x: Tensors, device: torch.device) -> bool:
    """Into outputs that are full of NaN, so that an element nobody wrote is seen."""
    outputs: Tensors = {}
    for spec in mode.outputs:
        outputs[spec.name] = spec.empty(device).fill_(float("nan") if spec.dtype.endswith(("16", "32", "float64")) else 0)
    launcher.into(x, outputs)
    found = reference.errors(case, x, outputs)
    values = [spec.dtype for spec in mode.outputs if spec.gradient_of is None]
    gradients = [spec.dtype for spec in mode.gradients]
    return (not values or found.value <= reference.limit_of(case, values[0])) and (
        not gradients or (found.gradient is not None and found.gradient <= reference.limit_of(case, gradients[0])))


def label_of(candidate: Candidate) -> str:
    grids = " + ".join(str(launch.grid) for launch in candidate.launches)
    return f"{candidate.variant} x {grids}"


def tune(
        case: Case, mode: Mode, kernels: ours.Kernels, l2_bytes: int, device: torch.device) -> list[dict[str, object]]:
    """Rows, the fastest first."""
    sets = [
        inputs.make(case, device, seed=2000 + number) for number in range(measure.input_sets(case.input_bytes, l2_bytes))]
    launchers = [ours.Launcher(kernels, mode, candidate, device) for candidate in mode.candidates]
    right = [is_right(launcher, case, mode, sets[0], device) for launcher in launchers]
    timed = [
        measure.as_graph(label_of(launcher.candidate), [lambda x=x, launcher=launcher: launcher(x) for x in sets])
        for launcher in launchers]
    measure.alternate(timed, ROUNDS, seconds=2)
    rows: list[dict[str, object]] = []
    for launcher, fine, time_of in sorted(zip(launchers, right, timed), key=lambda row: row[2].quantiles().p50):
        times = time_of.quantiles()
        rows.append({
            "op": case.op, "shape": list(case.shape), "dtype": case.dtype, "form": case.form, "mode": mode.mode,
            "variant": launcher.candidate.variant, "grids": [launch.grid for launch in launcher.candidate.launches],
            "resident_share": launcher.candidate.resident_share, "chosen": launcher.candidate.chosen, "right": fine,
            "p20_us": times.p20, "p50_us": times.p50, "p80_us": times.p80})
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plan", type=Path, required=True, help="what `KdKernels.Bench plan --all-variants` wrote")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--ptx", type=Path, required=True)
    parser.add_argument("--stamp", type=Path)
    parser.add_argument("--device", default="cuda", help="cuda, or cpu to check the plan and the files only")
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--match", default="", help="only cases whose name contains one of these, separated by ;")
    options = parser.parse_args()
    planned = plans.read(options.plan)
    cases = planned.matching(options.match)
    if options.device == "cpu":
        launches = [
            launch for case in cases for mode in case.modes for candidate in mode.candidates for launch in candidate.launches]
        for launch in launches:
            ours.text_of(options.ptx, launch)
        files = len({launch.file for launch in launches})
        print(f"{len(launches)} launches of {files} PTX files planned, all there; nothing to time on the CPU")
        return 0
    if not torch.cuda.is_available():
        print("no CUDA device: nothing timed", file=sys.stderr)
        return 4

    device = torch.device(options.device)
    torch.zeros(1, device=device)
    kernels = ours.Kernels(options.ptx, Driver())
    machine = fingerprint.of_machine(device, options.stamp)
    until, wrong, late, too_large = time.perf_counter() + options.seconds, 0, 0, 0
    with options.out.open("w", encoding="utf-8") as file:
        file.write(json.dumps({"machine": machine, "state": fingerprint.gpu_state()}) + "\n")
        for case, mode in ((case, mode) for case in cases for mode in case.modes if mode.mode != plans.BACKWARD):
            free, _ = torch.cuda.mem_get_info(device)
            if time.perf_counter() > until:
                late += 1
                continue
            if 3 * (case.input_bytes + sum(spec.bytes for spec in mode.outputs)) > 0.9 * free:
                too_large += 1
                continue
            try:
                rows = tune(case, mode, kernels, planned.device.l2_bytes, device)
            except (torch.cuda.OutOfMemoryError, ours.KernelError, DriverError) as e:
                print(f"{case}: {e}", file=sys.stderr)
                too_large += isinstance(e, torch.cuda.OutOfMemoryError)
                wrong += not isinstance(e, torch.cuda.OutOfMemoryError)
                torch.cuda.empty_cache()
                continue
            print(f"{case} {mode.mode}")
            for row in rows:
                file.write(json.dumps(row | {"fingerprint": machine["id"]}) + "\n")
                mark = ("*" if row["chosen"] else " ") + ("" if row["right"] else " WRONG RESULT")
                print(f"    {row['p50_us']:11.2f} us  {row['variant']} x {row['grids']} {mark}")
                wrong += not row["right"]
            torch.cuda.empty_cache()
    print(f"{wrong} wrong results or missing kernels, not timed: {late} for lack of time, {too_large} for lack of memory")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
