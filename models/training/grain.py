"""Faint texture over a drawing: paper, dry brushes, washes, noise of scans."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

# In high-resolution pixels: how fine the texture is across, and how many times coarser along it may be.
SIGMAS, LONGEST = (0.5, 4.0), 6.0
# Standard deviation in levels.
STRENGTHS = (1.0, 8.0)
# Patches of it are so wide, as a share of the tile's side.
PATCHES = (0.05, 0.3)


def add_grain(tile: Pixels, rng: np.random.Generator) -> Pixels:
    """A tile (h, w) or (h, w, 3) with texture on all of it or in patches, often less on what is dark."""
    texture = grey_texture(tile.shape[0], rng)
    if tile.ndim == 3:
        coloured = rng.random() < 0.3
        planes = [grey_texture(tile.shape[0], rng) if coloured else texture for _ in range(3)]
        texture = np.stack(planes, axis=2)
    texture *= between(STRENGTHS, rng)
    if rng.random() < 0.4:
        patches = blurred_noise(tile.shape[0], (tile.shape[0] * rng.uniform(*PATCHES),) * 2, rng)
        share = np.clip(0.5 + patches, 0, 1)
        texture *= share[:, :, None] if tile.ndim == 3 else share
    if rng.random() < 0.6:
        texture *= np.sqrt(tile.astype(np.float32) / 255)
    return np.rint(np.clip(tile + texture, 0, 255)).astype(np.uint8)


def grey_texture(size: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Texture (size, size) of standard deviation 1, alike in all directions or drawn out along one of two."""
    across = between(SIGMAS, rng)
    along = across if rng.random() < 0.5 else across * rng.uniform(1.5, LONGEST)
    sigmas = (across, along) if rng.random() < 0.5 else (along, across)
    return blurred_noise(size, sigmas, rng)


def blurred_noise(size: int, sigmas: tuple[float, float], rng: np.random.Generator) -> NDArray[np.float32]:
    """Gaussian noise (size, size), blurred by sigmas (x, y), of standard deviation 1."""
    noise = rng.standard_normal((size, size), dtype=np.float32)
    blurred = cv2.GaussianBlur(noise, (0, 0), sigmaX=sigmas[0], sigmaY=sigmas[1])
    return (blurred - blurred.mean()) / (blurred.std() + 1e-6)


def between(limits: tuple[float, float], rng: np.random.Generator) -> float:
    """A number evenly distributed on a logarithmic scale."""
    return float(limits[0] * (limits[1] / limits[0]) ** rng.random())
