"""Other tones for a finished drawing: ink and colours of every strength, of several strengths in one tile.

Most lines of the art are black. Where grey pixels are little but the edges of black ink, a network learns to
draw a grey line as two dark ones.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from drawing import Plane, Points, any_colour, blend, coverage
from scenes import random_contour, unit_vector

Pixels = NDArray[np.uint8]

# What is left of the contrast, per channel.
CONTRASTS = (0.15, 1.0)
# Sigmas in pixels, and how many times too small such borders are made.
SOFT_BORDERS, COARSENESS = (3.0, 20.0), 4


def recolour(tile: Pixels, rng: np.random.Generator) -> Pixels:
    """A tile (h, w) or (h, w, 3) in other tones, half of the time only in one region of it."""
    changed = change_tones(tile, rng)
    if rng.random() < 0.5:
        return changed
    return blend(tile, changed, random_region(tile.shape[0], rng))


def change_tones(tile: Pixels, rng: np.random.Generator) -> Pixels:
    """Move all values towards one colour, which stays; sometimes of the negative or of swapped channels."""
    channels = 1 if tile.ndim == 2 else 3
    if channels == 3 and rng.random() < 0.3:
        planes = cv2.split(tile)
        tile = cv2.merge([planes[channel] for channel in rng.permutation(3)])
    base = draw_base(tile, rng)
    contrast = rng.uniform(*CONTRASTS, 1 if rng.random() < 0.5 else channels)
    levels = np.arange(256.0)[:, None]
    if rng.random() < 0.1:
        levels = levels[::-1]
    table = np.rint(base + (levels - base) * contrast).astype(np.uint8)
    return cv2.LUT(tile, np.broadcast_to(table, (256, channels)).reshape(256, 1, channels))


def draw_base(tile: Pixels, rng: np.random.Generator) -> NDArray[np.float64]:
    """The colour that stays, for each channel or all of them: paper or any colour, seldom ink."""
    kind = rng.random()
    if kind < 0.45:
        return np.full(1, rng.uniform(240, 255))
    if kind < 0.55:
        return np.full(1, rng.uniform(0, 20))
    return any_colour(tile, rng)


def random_region(size: int, rng: np.random.Generator) -> Plane:
    """A half plane, a blob or a rectangle as a cover from 0 to 1 (size, size), its border sharp or soft."""
    cover = coverage([[random_outline(size, rng)]], size)
    if rng.random() < 0.5:
        return cover
    side = size // COARSENESS
    small = cv2.resize(cover, (side, side), interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(small, (0, 0), rng.uniform(*SOFT_BORDERS) / COARSENESS)
    return np.clip(cv2.resize(soft, (size, size), interpolation=cv2.INTER_LINEAR), 0, 1)


def random_outline(size: int, rng: np.random.Generator) -> Points:
    """A contour around part of a tile."""
    kind = rng.random()
    if kind < 0.35:
        return random_contour(rng.uniform(0, size, 2), rng.uniform(0.15, 0.6) * size, rng)
    along = unit_vector(rng) if rng.random() < 0.5 else np.array([1.0, 0.0])
    across = np.array([-along[1], along[0]])
    middle = rng.uniform(0.1, 0.9, 2) * size
    half = rng.uniform(0.1, 0.5, 2) * size
    if kind < 0.65:
        # A rectangle too large for its other sides to be seen: a half plane.
        half = np.full(2, 2.0 * size)
        middle = middle + half[0] * (along if rng.random() < 0.5 else across) * rng.choice((-1, 1))
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * half
    return middle + corners @ np.stack((along, across))
