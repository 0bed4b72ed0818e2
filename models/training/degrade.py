"""From a high-resolution tile to what a reader has of it: shrunk, then saved once, twice or not at all."""

from __future__ import annotations

import io
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]

JPEG_444, JPEG_420 = 0, 2
# The over-shrunk page has lost up to a tenth of its pixels' side before it was brought to size.
OVER_SHRINK_LIMIT = 1.1
SHARPEN_SIGMAS = (0.5, 1.2)
# Of how far below the best quality a JPEG is: with 1.5 half of them are in the best 35 % of the range.
HIGH_QUALITY_POWER = 1.5


@dataclass(frozen=True)
class Degradation:
    """Probabilities and ranges.

    Before the shrinking:
    blur: probability of a Gaussian blur with a sigma drawn from blur_sigmas, in high-resolution pixels.

    The shrinking, by the mean of 2x2 pixels but for:
    other_kernel: probability of an antialiased bicubic or Lanczos kernel.
    over_shrink: probability of a page made a little too small by area and enlarged again, thus soft.

    After it:
    sharpen: probability of unsharp masking, which leaves halos; its strength is drawn from sharpen_amounts.

    Saves:
    no_jpeg: probability of no save at all. double_jpeg: of two JPEG saves on different block grids. webp: of
        WebP, half of them alone, a quarter each before and after a JPEG save. The rest is JPEG, once.
    low_quality: probability that a JPEG's quality is drawn from low_range in place of high_range, where higher ones
        come more often.
    webp_range: WebP's quality.
    """

    blur: float = 0.06
    blur_sigmas: tuple[float, float] = (0.3, 0.9)
    other_kernel: float = 0.15
    over_shrink: float = 0.03
    sharpen: float = 0.04
    sharpen_amounts: tuple[float, float] = (0.15, 0.6)
    no_jpeg: float = 0.3
    double_jpeg: float = 0.12
    webp: float = 0.08
    low_quality: float = 0.25
    low_range: tuple[int, int] = (50, 75)
    high_range: tuple[int, int] = (75, 98)
    webp_range: tuple[int, int] = (50, 95)


def area_half(pixels: Pixels) -> Pixels:
    """Mean of each 2x2 block, halves rounded up: (2h, 2w, c) -> (h, w, c)."""
    height, width = pixels.shape[:2]
    return cv2.resize(pixels, (width // 2, height // 2), interpolation=cv2.INTER_AREA)


def kernel_half(pixels: Pixels, kernel: Image.Resampling) -> Pixels:
    """Halve with one of Pillow's antialiased kernels; (2h, 2w, 3) -> (h, w, 3)."""
    image = Image.fromarray(pixels)
    return np.asarray(image.resize((image.width // 2, image.height // 2), kernel))


def over_shrunk_half(pixels: Pixels, factor: float) -> Pixels:
    """Shrink by 2 * factor by area, then enlarge to half the size; (2h, 2w, 3) -> (h, w, 3)."""
    height, width = (side // 2 for side in pixels.shape[:2])
    smaller = (round(width / factor), round(height / factor))
    small = cv2.resize(pixels, smaller, interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)


def sharpened(pixels: Pixels, sigma: float, amount: float) -> Pixels:
    """Unsharp mask: what a Gaussian blur takes away is added once more, times amount."""
    return cv2.addWeighted(pixels, 1 + amount, cv2.GaussianBlur(pixels, (0, 0), sigma), -amount, 0)


def jpeg(pixels: Pixels, quality: int, subsampling: int, grey: bool) -> Pixels:
    """Compress (h, w, 3) as JPEG and decode; grey pages are stored with one channel."""
    image = Image.fromarray(pixels)
    buffer = io.BytesIO()
    (image.convert("L") if grey else image).save(buffer, "JPEG", quality=quality, subsampling=subsampling)
    with Image.open(buffer) as decoded:
        return np.asarray(decoded.convert("RGB"))


def webp(pixels: Pixels, quality: int) -> Pixels:
    """Compress (h, w, 3) as lossy WebP and decode. WebP has no single-channel form."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "WEBP", quality=quality)
    with Image.open(buffer) as decoded:
        return np.asarray(decoded.convert("RGB"))


def shifted_jpeg(pixels: Pixels, quality: int, subsampling: int, grey: bool, dy: int, dx: int) -> Pixels:
    """JPEG with its block grid starting dy, dx pixels outside the tile, as on a page cropped later."""
    padded = np.pad(pixels, ((dy, 0), (dx, 0), (0, 0)), mode="edge")
    return jpeg(padded, quality, subsampling, grey)[dy:, dx:]


def degrade(high: Pixels, grey: bool, settings: Degradation, rng: np.random.Generator) -> Pixels:
    """The low-resolution partner (h/2, w/2, 3) of a tile (h, w, 3), h and w even."""
    if rng.random() < settings.blur:
        high = cv2.GaussianBlur(high, (0, 0), rng.uniform(*settings.blur_sigmas))
    low = shrunk(high, settings, rng)
    if rng.random() < settings.sharpen:
        low = sharpened(low, rng.uniform(*SHARPEN_SIGMAS), rng.uniform(*settings.sharpen_amounts))
    return saved(low, grey, settings, rng)


def shrunk(high: Pixels, settings: Degradation, rng: np.random.Generator) -> Pixels:
    """Half the size, by a kernel drawn as the settings say."""
    kernel = rng.random()
    if kernel < settings.other_kernel:
        kernels = (Image.Resampling.BICUBIC, Image.Resampling.LANCZOS)
        return kernel_half(high, kernels[int(rng.integers(2))])
    if kernel < settings.other_kernel + settings.over_shrink:
        return over_shrunk_half(high, rng.uniform(1.02, OVER_SHRINK_LIMIT))
    return area_half(high)


def saved(low: Pixels, grey: bool, settings: Degradation, rng: np.random.Generator) -> Pixels:
    """The page after none, one or two lossy saves."""

    def draw_jpeg(pixels: Pixels) -> Pixels:
        return jpeg(pixels, draw_quality(settings, rng), draw_subsampling(rng), grey)

    saves = rng.random() - settings.no_jpeg
    if saves < 0:
        return low
    if saves < settings.double_jpeg:
        dy, dx = (int(value) for value in rng.integers(0, 8, 2))
        return draw_jpeg(shifted_jpeg(low, draw_quality(settings, rng), draw_subsampling(rng), grey, dy, dx))
    if saves < settings.double_jpeg + settings.webp:
        order, quality = rng.random(), int(rng.integers(settings.webp_range[0], settings.webp_range[1] + 1))
        if order < 0.25:
            return draw_jpeg(webp(low, quality))
        return webp(draw_jpeg(low) if order < 0.5 else low, quality)
    return draw_jpeg(low)


def draw_quality(settings: Degradation, rng: np.random.Generator) -> int:
    """A JPEG quality: evenly from the lower range, or from the higher one, there rather a high than a low one."""
    if rng.random() < settings.low_quality:
        return int(rng.integers(settings.low_range[0], settings.low_range[1] + 1))
    low, high = settings.high_range
    return round(high - (high - low) * rng.random() ** HIGH_QUALITY_POWER)


def draw_subsampling(rng: np.random.Generator) -> int:
    """4:2:0 or 4:4:4, evenly."""
    return JPEG_420 if rng.random() < 0.5 else JPEG_444
