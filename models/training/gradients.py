"""Smooth pictures without edges: gradients, soft clouds of colour, airbrush."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from drawing import Plane, any_colour
from tones import ramp

Pixels = NDArray[np.uint8]

# Everything here is smooth enough to be made so many times too small.
COARSENESS = 4
# Sigmas of the airbrush, in shares of the tile.
SPRAY_SIGMAS = (0.02, 0.25)


def draw_gradients(size: int, grey: bool, rng: np.random.Generator) -> Pixels:
    """A smooth picture, (size, size) if grey, else (size, size, 3)."""
    side = size // COARSENESS
    picture = np.zeros((side, side) if grey else (side, side, 3), np.uint8)
    smooth = clouds(picture, rng) if rng.random() < 0.4 else two_colours(picture, rng)
    for _ in range(int(rng.integers(0, 9))):
        cover = spray(side, rng)
        smooth += (any_colour(picture, rng).astype(np.float32) - smooth) * per_channel(cover, smooth)
    enlarged = cv2.resize(smooth, (size, size), interpolation=cv2.INTER_CUBIC)
    return np.rint(np.clip(enlarged, 0, 255)).astype(np.uint8)


def per_channel(plane: Plane, picture: NDArray[np.generic]) -> Plane:
    """A plane that broadcasts over a picture's channels."""
    return plane if picture.ndim == 2 else plane[:, :, None]


def two_colours(picture: Pixels, rng: np.random.Generator) -> Plane:
    """A gradient from one colour to another."""
    start, end = (any_colour(picture, rng).astype(np.float32) for _ in range(2))
    return start + (end - start) * per_channel(ramp(picture.shape[0], 0, 1, rng), picture)


def clouds(picture: Pixels, rng: np.random.Generator) -> Plane:
    """A few colours at the knots of a coarse grid, and between them what a cubic makes of it."""
    side = int(rng.integers(2, 7))
    knots = np.stack([any_colour(picture, rng) for _ in range(side * side)]).astype(np.float32)
    return cv2.resize(
        knots.reshape(side, side, -1), picture.shape[1::-1], interpolation=cv2.INTER_CUBIC
    ).reshape(picture.shape)


def spray(size: int, rng: np.random.Generator) -> Plane:
    """How much an airbrush covers, 0 to 1: an upright elliptical Gaussian."""
    steps = np.arange(size, dtype=np.float32)
    (x, y), sigmas = rng.uniform(0, size, 2), rng.uniform(*SPRAY_SIGMAS, 2) * size
    across = np.exp(-(((steps - x) / sigmas[0]) ** 2) / 2)
    down = np.exp(-(((steps - y) / sigmas[1]) ** 2) / 2)
    return (down[:, None] * across[None, :] * rng.uniform(0.3, 1)).astype(np.float32)
