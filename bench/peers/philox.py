"""Philox4x32-10 and the library's normals from it, in float64: what the ops that draw noise are checked against."""

import math

import torch
from torch import Tensor

# PhiloxPurpose in the library.
NOISE_PROBE, NOISY_LOGITS, NOISY_LOGITS_SELECTION = 101, 102, 103

MASK = (1 << 32) - 1
MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
WEYL = (0x9E3779B9, 0xBB67AE85)
ROUNDS = 10


def product(word: Tensor, multiplier: int) -> tuple[Tensor, Tensor]:
    """High and low half of 32 x 32 bits, in two steps that fit a signed 64-bit integer."""
    low, high = word & 0xFFFF, word >> 16
    lower = low * multiplier
    upper = high * multiplier + (lower >> 16)
    return upper >> 16, ((upper & 0xFFFF) << 16) | (lower & 0xFFFF)


def block(seed: int, counter: tuple[Tensor, Tensor, Tensor, Tensor]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Four words each, as int64; the seed's low word is the first key."""
    c0, c1, c2, c3 = counter
    key0, key1 = seed & MASK, seed >> 32
    for _ in range(ROUNDS):
        high0, low0 = product(c0, MULTIPLIERS[0])
        high1, low1 = product(c2, MULTIPLIERS[1])
        c0, c1, c2, c3 = high1 ^ c1 ^ key0, low1, high0 ^ c3 ^ key1, low0
        key0, key1 = (key0 + WEYL[0]) & MASK, (key1 + WEYL[1]) & MASK
    return c0, c1, c2, c3


def words(seed: int, purpose: int, step: int, samples: Tensor, blocks: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """[samples, blocks] of each word: the counter is (block, sample, step, purpose)."""
    number = torch.arange(blocks, device=samples.device).expand(len(samples), blocks)
    sample = samples.unsqueeze(1).expand_as(number)
    return block(seed, (number, sample, torch.full_like(number, step), torch.full_like(number, purpose)))


def normals(seed: int, purpose: int, step: int, samples: Tensor, elements: int) -> Tensor:
    """[samples, elements], float64: two words give two normals (Box and Muller)."""
    made = []
    w0, w1, w2, w3 = words(seed, purpose, step, samples, -(-elements // 4))
    for radius_word, angle_word in ((w0, w1), (w2, w3)):
        radius = torch.sqrt(-2 * torch.log((radius_word | 1).double() * 2.0**-32))
        angle = 2 * math.pi * ((angle_word | 1).double() * 2.0**-32)
        made += [radius * torch.cos(angle), radius * torch.sin(angle)]
    return torch.stack(made, dim=2).flatten(1)[:, :elements]


def uniform(seed: int, purpose: int, step: int, samples: Tensor) -> Tensor:
    """[samples], float64 in [0, 1): the upper 53 bits of a stream's first two words."""
    high, low, *_ = words(seed, purpose, step, samples, 1)
    return (high[:, 0].double() * 2.0**21 + (low[:, 0] >> 11).double()) * 2.0**-53
