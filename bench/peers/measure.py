"""Timing: CUDA-graph replays over rotating inputs, strictly alternating between providers; and the machine's
ceilings."""

import ctypes
import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

Call = Callable[[], object]

# A replay is long enough that its own start and the clock's resolution do not matter.
REPLAY_US = 2000.0
LEAST_CALLS = 3
MOST_CALLS = 400
L2_MULTIPLE = 3
MOST_SETS = 512


@dataclass(frozen=True)
class Quantiles:
    p20: float
    p50: float
    p80: float
    rounds: int

    @staticmethod
    def of(values: Sequence[float]) -> "Quantiles":
        ordered = sorted(values)

        def at(fraction: float) -> float:
            position = fraction * (len(ordered) - 1)
            low = int(position)
            high = min(low + 1, len(ordered) - 1)
            return ordered[low] + (ordered[high] - ordered[low]) * (position - low)

        return Quantiles(at(0.2), at(0.5), at(0.8), len(ordered))


def input_sets(bytes_of_one: int, l2_bytes: int) -> int:
    """How many input sets in turn make every read come from memory: three times L2 lies between two uses. Of inputs so small
    that this would take thousands, no more than a graph can hold."""
    return max(1, min(MOST_SETS, -(-L2_MULTIPLE * l2_bytes // max(1, bytes_of_one))))


def rounds_backwards(count: int, round_number: int) -> list[int]:
    """The order of one round: every second one runs backwards, so that nobody always follows the same neighbour."""
    order = list(range(count))
    return order if round_number % 2 == 0 else order[::-1]


class Timed:
    """Something that takes its turn: `run` makes `calls` calls, by replaying a graph or one after the other."""

    def __init__(self, name: str, run: Call, calls: int, method: str) -> None:
        self.name, self.run, self.calls, self.method = name, run, calls, method
        self.launches: float | None = None
        self.microseconds: list[float] = []
        self.host_microseconds: list[float] = []

    def turn(self) -> None:
        if self.method == "wall":
            self._turn_by_the_clock()
            return
        start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        start.record()
        self.run()
        end.record()
        end.synchronize()
        self.microseconds.append(start.elapsed_time(end) * 1000 / self.calls)

    def _turn_by_the_clock(self) -> None:
        synchronize()
        begin = time.perf_counter()
        self.run()
        issued = time.perf_counter()
        synchronize()
        self.microseconds.append((time.perf_counter() - begin) * 1e6 / self.calls)
        self.host_microseconds.append((issued - begin) * 1e6 / self.calls)

    def quantiles(self) -> Quantiles:
        return Quantiles.of(self.microseconds)

    def host_median(self) -> float:
        return Quantiles.of(self.host_microseconds).p50


def synchronize() -> None:
    """A CPU tensor's result is there when the call returns."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def warm_up(calls: Sequence[Call]) -> float:
    """Compiles and tunes whatever the calls compile and tune; returns the microseconds of one call afterwards."""
    for _ in range(3):
        calls[0]()
    for call in calls:
        call()
    synchronize()
    begin = time.perf_counter()
    for call in calls:
        call()
    synchronize()
    return (time.perf_counter() - begin) * 1e6 / len(calls)


def as_graph(name: str, calls: Sequence[Call]) -> Timed:
    """The calls, in turn and repeated, as one CUDA graph."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    # What a library sets up on its first call in a stream must not be set up inside the capture.
    with torch.cuda.stream(side):
        single = warm_up(calls)
    torch.cuda.current_stream().wait_stream(side)
    count = repeats(single, len(calls))
    graph = new_graph()
    with torch.cuda.graph(graph, stream=side):
        for number in range(count):
            calls[number % len(calls)]()
    timed = Timed(name, graph.replay, count, "graph")
    nodes = node_count(graph)
    timed.launches = None if nodes is None else nodes / count
    return timed


def new_graph() -> Any:
    """One that keeps its nodes for counting, where this torch can."""
    try:
        return torch.cuda.CUDAGraph(keep_graph=True)
    except TypeError:
        return torch.cuda.CUDAGraph()


def node_count(graph: Any) -> int | None:
    """Kernels, copies and fills of a captured graph. A profiler would tell too, and slow down what is measured after
    it."""
    try:
        handle = graph.raw_cuda_graph()
    except (AttributeError, RuntimeError):
        return None
    count = ctypes.c_size_t()
    library = ctypes.CDLL("libcuda.so.1")
    status = library.cuGraphGetNodes(ctypes.c_void_p(handle), None, ctypes.byref(count))
    return count.value if status == 0 else None


def as_live_calls(name: str, calls: Sequence[Call], method: str) -> Timed:
    """One call after the other. "events": what cannot be captured, by the device's time; "wall": by the host's
    clock."""
    single = warm_up(calls)
    count = max(len(calls), min(100, repeats(single, len(calls))))

    def run() -> None:
        for number in range(count):
            calls[number % len(calls)]()

    return Timed(name, run, count, method)


def repeats(single_us: float, sets: int) -> int:
    count = int(REPLAY_US / max(single_us, 1.0))
    return max(LEAST_CALLS, sets, min(MOST_CALLS, count))


def alternate(timed: Sequence[Timed], rounds: int, seconds: float) -> int:
    """Turns A B C, C B A, ... up to a number of rounds or seconds, at least five; returns the rounds made."""
    for one in timed:
        one.run()
    synchronize()
    until = time.perf_counter() + seconds
    for made in range(rounds):
        if made >= 5 and time.perf_counter() > until:
            return made
        for index in rounds_backwards(len(timed), made):
            timed[index].turn()
    return rounds


def peak_extra_bytes(call: Call) -> int:
    """The most memory that one call held beyond what was there before it, outputs included."""
    call()
    gc.collect()
    torch.cuda.synchronize()
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    call()
    torch.cuda.synchronize()
    return torch.cuda.max_memory_allocated() - before


# ---- ceilings ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ceilings:
    """Bytes per microsecond: read plus written by a copy; read by a sum."""

    copy: float
    read: float


def ceilings(device: torch.device, rounds: int = 15) -> Ceilings:
    """Large enough that L2 does not matter, random because constant data can be faster."""
    free, _ = torch.cuda.mem_get_info(device)
    elements = min(1 << 29, free // 4 // 8)
    source = torch.randn(elements, device=device)
    target = torch.empty_like(source)
    copy = as_graph("copy", [lambda: target.copy_(source)])
    read = as_graph("read", [lambda: source.sum()])
    alternate([copy, read], rounds, seconds=5)
    bytes_of_one = elements * 4
    return Ceilings(2 * bytes_of_one / copy.quantiles().p50, bytes_of_one / read.quantiles().p50)
