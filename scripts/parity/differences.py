"""How far two 8-bit images are apart."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image


@dataclass(frozen=True)
class Difference:
    psnr: float
    """Peak signal-to-noise ratio in dB over all values of all channels; infinite for equal images."""
    largest: int
    """In 8-bit levels."""
    share: float
    """Of all values, those that differ at all."""

    def __str__(self) -> str:
        if self.largest == 0:
            return "equal"
        return f"{self.psnr:.1f} dB, {self.largest}, {100 * self.share:.3g} %"


def load(path: Path) -> np.ndarray:
    """
    :returns: int16, (height, width, 3), RGB
    :raises OSError: no such image
    """
    with Image.open(path) as opened:
        return np.asarray(opened.convert("RGB")).astype(np.int16)


def difference(
    first: np.ndarray, second: np.ndarray, border: int = 0, counted: np.ndarray | None = None
) -> Difference:
    """
    :param border: pixels on each side that are left out
    :param counted: of the images' shape, which values are compared at all
    :raises ValueError: images of two sizes
    """
    if first.shape != second.shape:
        raise ValueError(f"expected images of one size, received {first.shape} and {second.shape}")
    inner = np.s_[border : first.shape[0] - border, border : first.shape[1] - border]
    distance = np.abs(first[inner] - second[inner]).astype(np.float64)
    if counted is not None:
        distance = distance[counted[inner]]
    mean_square = float(np.mean(distance**2))
    psnr = float("inf") if mean_square == 0 else float(10 * np.log10(255**2 / mean_square))
    return Difference(psnr, int(distance.max()), float(np.mean(distance > 0)))
