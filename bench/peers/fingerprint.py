"""What machine and what build a record belongs to. Records are comparable only within one fingerprint."""

import datetime
import hashlib
import json
import platform
import shutil
import subprocess
from pathlib import Path
from typing import Any

import torch

import providers

QUERY = (
    "name", "driver_version", "clocks.sm", "clocks.mem", "temperature.gpu", "power.draw", "clocks_throttle_reasons.active")


def gpu_state() -> dict[str, str]:
    """Clocks, temperature, power and throttle flags now; empty where nvidia-smi does not answer."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return {}
    command = [program, f"--query-gpu={','.join(QUERY)}", "--format=csv,noheader,nounits"]
    index = torch.cuda.current_device() if torch.cuda.is_available() else 0
    answer = subprocess.run([*command, f"--id={index}"], capture_output=True, text=True, timeout=20, check=False)
    values = [value.strip() for value in answer.stdout.splitlines()[0].split(",")] if answer.returncode == 0 else []
    return dict(zip(QUERY, values)) if len(values) == len(QUERY) else {}


def of_machine(device: torch.device, stamp: Path | None) -> dict[str, Any]:
    """Everything that does not change during a run, with an `id` over it."""
    facts: dict[str, Any] = {
        "gpu": torch.cuda.get_device_name(device) if device.type == "cuda" else "none",
        "driver": gpu_state().get("driver_version", "none"),
        "cuda": torch.version.cuda or "none",
        "cpu": cpu_model(),
        "versions": providers.versions(),
        "build": json.loads(stamp.read_text(encoding="utf-8")) if stamp is not None else {},
        "utc": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    facts["id"] = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:12]
    return facts


def cpu_model() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or "unknown"
