"""From a high-resolution tile to what a reader has of it: shrunk, then JPEG once, twice or not at all."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]

JPEG_444, JPEG_420 = 0, 2


@dataclass(frozen=True)
class Degradation:
    """Probabilities and ranges.

    other_kernel: probability of an antialiased bicubic or Lanczos kernel in place of the area mean.
    no_jpeg, double_jpeg: probabilities; the rest is compressed once.
    low_quality: probability that the quality is drawn from low_range in place of high_range.
    """

    other_kernel: float = 0.08
    no_jpeg: float = 0.3
    double_jpeg: float = 0.12
    low_quality: float = 0.25
    low_range: tuple[int, int] = (50, 75)
    high_range: tuple[int, int] = (75, 98)


def area_half(pixels: Pixels) -> Pixels:
    """Mean of each 2x2 block, rounded: (2h, 2w, c) -> (h, w, c)."""
    sums = pixels[0::2, 0::2].astype(np.uint16) + pixels[0::2, 1::2] + pixels[1::2, 0::2] + pixels[1::2, 1::2]
    return ((sums + 2) >> 2).astype(np.uint8)


def kernel_half(pixels: Pixels, kernel: Image.Resampling) -> Pixels:
    """Halve with one of Pillow's antialiased kernels; (2h, 2w, 3) -> (h, w, 3)."""
    image = Image.fromarray(pixels)
    return np.asarray(image.resize((image.width // 2, image.height // 2), kernel))


def jpeg(pixels: Pixels, quality: int, subsampling: int, grey: bool) -> Pixels:
    """Compress (h, w, 3) as JPEG and decode; grey pages are stored with one channel."""
    image = Image.fromarray(pixels)
    buffer = io.BytesIO()
    (image.convert("L") if grey else image).save(buffer, "JPEG", quality=quality, subsampling=subsampling)
    with Image.open(buffer) as decoded:
        return np.asarray(decoded.convert("RGB"))


def shifted_jpeg(pixels: Pixels, quality: int, subsampling: int, grey: bool, dy: int, dx: int) -> Pixels:
    """JPEG with its block grid starting dy, dx pixels outside the tile, as on a page cropped later."""
    padded = np.pad(pixels, ((dy, 0), (dx, 0), (0, 0)), mode="edge")
    return jpeg(padded, quality, subsampling, grey)[dy:, dx:]


def degrade(high: Pixels, grey: bool, settings: Degradation, rng: np.random.Generator) -> Pixels:
    """The low-resolution partner (h/2, w/2, 3) of a tile (h, w, 3), h and w even."""
    if rng.random() < settings.other_kernel:
        kernels = (Image.Resampling.BICUBIC, Image.Resampling.LANCZOS)
        low = kernel_half(high, kernels[int(rng.integers(2))])
    else:
        low = area_half(high)
    saves = rng.random()
    if saves < settings.no_jpeg:
        return low
    if saves < settings.no_jpeg + settings.double_jpeg:
        dy, dx = (int(value) for value in rng.integers(0, 8, 2))
        low = shifted_jpeg(low, draw_quality(settings, rng), draw_subsampling(rng), grey, dy, dx)
    return jpeg(low, draw_quality(settings, rng), draw_subsampling(rng), grey)


def draw_quality(settings: Degradation, rng: np.random.Generator) -> int:
    """A JPEG quality, mostly from the higher range."""
    low, high = settings.low_range if rng.random() < settings.low_quality else settings.high_range
    return int(rng.integers(low, high + 1))


def draw_subsampling(rng: np.random.Generator) -> int:
    """4:2:0 or 4:4:4, evenly."""
    return JPEG_420 if rng.random() < 0.5 else JPEG_444
