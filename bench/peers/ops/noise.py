"""The noise probe and the entropy of its deviations."""

import math

import torch
from torch import Tensor

import philox
from inputs import Tensors
from ops import Op
from plans import Settings

# log sqrt(2 pi e)
HALF_LOG = 0.5 * math.log(2 * math.pi * math.e)


def per_pixel(sigma: Tensor, height: int, width: int) -> Tensor:
    """[N, 1, H, W] from cells: pixel (h, w) lies in cell (h R / H, w Q / W), rounded down."""
    rows = torch.arange(height, device=sigma.device) * sigma.shape[1] // height
    columns = torch.arange(width, device=sigma.device) * sigma.shape[2] // width
    return sigma[:, rows][:, :, columns].unsqueeze(1)


def copies(x: Tensors, settings: Settings, noise: Tensor) -> Tensors:
    """[images * samples, C, H, W]; copies of one image follow one another."""
    image, samples = x["input"], settings["samples"]
    sigma = per_pixel(x["sigma"], *image.shape[2:])
    if samples > 1:
        image, sigma = image.repeat_interleave(samples, dim=0), sigma.repeat_interleave(samples, dim=0)
    return {"output": image + sigma * noise}


def noise_probe(x: Tensors, settings: Settings) -> Tensors:
    """With torch's noise, which is other noise than ours."""
    image = x["input"]
    shape = (image.shape[0] * settings["samples"], *image.shape[1:])
    return copies(x, settings, torch.randn(shape, dtype=image.dtype, device=image.device))


def exact_noise_probe(x: Tensors, settings: Settings) -> Tensors:
    """With the library's noise."""
    image = x["input"]
    count = image.shape[0] * settings["samples"]
    drawn = philox.normals(
        settings["seed"], philox.NOISE_PROBE, settings["step"], torch.arange(count, device=image.device), image[0].numel())
    return copies(x, settings, drawn.view(count, *image.shape[1:]))


def pixel_entropy(x: Tensors, settings: Settings) -> Tensors:
    """The objective's mean entropy; the map and the knowledge points where they are asked for."""
    entropy = torch.log(x["sigma"]) + HALF_LOG
    found = {"entropy": entropy.mean()}
    if settings.get("map"):
        found["map"] = entropy
    if settings.get("points"):
        inside = x["foreground"]
        background = (entropy.detach() * ~inside).sum() / (~inside).sum()
        is_point = background - entropy.detach() > settings["threshold"]
        found |= {
            "background_mean": background, "foreground_points": (is_point & inside).flatten(1).sum(dim=1),
            "background_points": (is_point & ~inside).flatten(1).sum(dim=1)}
    return found


OPS = {
    "noise-probe": Op(noise_probe, reference=exact_noise_probe, draws=True),
    "pixel-entropy": Op(pixel_entropy),
}
