"""One training step of a small convolutional network in Python's torch: the peer of `kd bench train-step`.

Reads lines from standard input and answers each on standard output:
    loss N   makes N steps and prints the loss before the last of them
    time N   makes N steps and prints the microseconds of one, then those of processor time over all threads
Inputs and initial parameters are given by formulas, so that both sides compute the same thing.
"""

import argparse
import sys
import time

import torch
from torch import nn


def fill(tensor: torch.Tensor, scale: float, phase: float) -> torch.Tensor:
    index = torch.arange(tensor.numel(), dtype=torch.float64)
    with torch.no_grad():
        tensor.copy_((torch.sin(index * 0.7 + phase) * scale).reshape(tensor.shape))
    return tensor


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, required=True)
    torch.set_num_threads(parser.parse_args().threads)

    network = nn.Sequential(
        nn.Conv2d(3, 32, 3, padding=1, bias=False), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1, bias=False), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(64 * 8 * 8, 10))
    for number, parameter in enumerate(network.parameters()):
        if parameter.dim() > 1:
            fill(parameter, 0.05, number)
    with torch.no_grad():
        network[9].bias.zero_()
    images = fill(torch.empty(64, 3, 32, 32), 1.0, 0.5)
    labels = torch.arange(64) * 7 % 10
    optimizer = torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.9, weight_decay=5e-4)
    criterion = nn.CrossEntropyLoss()

    def step() -> torch.Tensor:
        optimizer.zero_grad(set_to_none=True)
        loss = criterion(network(images), labels)
        loss.backward()
        optimizer.step()
        return loss

    for line in sys.stdin:
        command, count = line.split()
        wall, processor = time.perf_counter(), time.process_time()
        for _ in range(int(count)):
            loss = step()
        wall, processor = time.perf_counter() - wall, time.process_time() - processor
        per_step = 1e6 / int(count)
        answer = [loss.item()] if command == "loss" else [wall * per_step, processor * per_step]
        print(*answer, flush=True)


if __name__ == "__main__":
    main()
