"""Compares the losses of two runs of `kd train` with the same recipe and seed: on the CPU and on a GPU, or with kernels and
with composed operations; prints how fast both were.

The first epoch must agree closely. Later ones drift apart, since rounding differs and training amplifies it.
"""

import json
import math
import sys
from typing import Any

FIRST_EPOCH = 0.02
LATER_EPOCHS = 0.15


Epochs = dict[tuple[str, int], float]


def epochs(path: str, what: str) -> Epochs:
    """(network, epoch) -> a number of the epoch lines of metrics.jsonl."""
    found: Epochs = {}
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            record: dict[str, Any] = json.loads(line)
            if record.get("event") == "epoch":
                found[record["stage"], record["epoch"]] = record[what]
    return found


def differences(first: Epochs, second: Epochs) -> list[str]:
    """What is wrong, in sentences; empty when the runs agree."""
    if not first:
        return ["expected epochs in the first run but got none"]
    if first.keys() != second.keys():
        return [f"expected the same networks and epochs but got {sorted(first)} and {sorted(second)}"]
    wrong = []
    for (stage, epoch), expected in first.items():
        actual = second[stage, epoch]
        limit = FIRST_EPOCH if epoch == 1 else LATER_EPOCHS
        off = abs(actual - expected) / max(abs(expected), 1e-6)
        # Not `off > limit`: NaN must not pass.
        if not (math.isfinite(actual) and off <= limit):
            wrong.append(f"{stage} epoch {epoch}: expected {expected:.6f} within {limit:.0%} but got {actual:.6f}")
    return wrong


def main() -> int:
    first, second = (epochs(path, "loss") for path in sys.argv[1:3])
    speeds = [epochs(path, "images_per_second") for path in sys.argv[1:3]]
    for key, expected in first.items():
        images = " and ".join(f"{speed.get(key, math.nan):.0f}" for speed in speeds)
        print(f"{key[0]:24} epoch {key[1]}: {expected:.6f} {second.get(key, math.nan):.6f}, {images} images/s")
    wrong = differences(first, second)
    for sentence in wrong:
        print(sentence)
    print(f"{len(first)} losses compared, {len(wrong)} differ")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
