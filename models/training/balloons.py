"""Lettering on a tile: in a balloon or a box, bare on the art, or with an outline like a sound effect."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from drawing import Plane, Points, blend, coverage, outline_ring, superellipse

Pixels = NDArray[np.uint8]

SMALLEST_SIDE = 96


def cut_sheet(sheet: Pixels, height: int, width: int, rng: np.random.Generator) -> Plane:
    """A random rectangle of a lettering sheet, 0 to 1 where ink goes."""
    y, x = (
        int(rng.integers(side - part + 1)) for side, part in zip(sheet.shape, (height, width), strict=True)
    )
    return sheet[y : y + height, x : x + width].astype(np.float32) / 255


def add_lettering(tile: Pixels, sheet: Pixels, rng: np.random.Generator) -> Pixels:
    """Put lettering on a tile (h, w) or (h, w, 3); the sheet is at least as large as the tile."""
    size = tile.shape[0]
    height, width = (int(side) for side in rng.integers(SMALLEST_SIDE, size + 1, 2))
    y, x = int(rng.integers(size - height + 1)), int(rng.integers(size - width + 1))
    letters = np.zeros((size, size), np.float32)
    letters[y : y + height, x : x + width] = cut_sheet(sheet, height, width, rng)
    dark, light = rng.uniform(0, 40), rng.uniform(225, 255)
    style = rng.random()
    if style < 0.45:
        centre = np.array((x + width / 2, y + height / 2))
        power = 2.0 if rng.random() < 0.5 else rng.uniform(2, 8)
        balloon = superellipse(centre, np.array((width / 2, height / 2)), power)
        return in_balloon(tile, letters, balloon, (dark, light), rng)
    if style < 0.65:
        box = np.zeros_like(letters)
        box[y : y + height, x : x + width] = 1
        if rng.random() < 0.15:
            dark, light = light, dark
        return blend(blend(tile, light, box), dark, letters)
    if style < 0.8:
        dark, light = light, dark
    if style > 0.9 or style < 0.7:
        thickness = 2 * int(rng.integers(1, 5)) + 1
        around = cv2.dilate(letters, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (thickness, thickness)))
        tile = blend(tile, light, around)
    return blend(tile, dark, letters)


def in_balloon(
    tile: Pixels, letters: Plane, balloon: Points, values: tuple[float, float], rng: np.random.Generator
) -> Pixels:
    """Lettering in a white balloon with an outline, with a tail or without; values: ink and paper."""
    ink, paper = values
    size = tile.shape[0]
    shapes = [[balloon]]
    if rng.random() < 0.5:
        root = int(rng.integers(len(balloon)))
        foot = balloon[[root, (root + 6) % len(balloon)]]
        centre = balloon.mean(axis=0)
        tip = foot.mean(axis=0) + (foot.mean(axis=0) - centre) * rng.uniform(0.2, 0.6) + rng.normal(0, 10, 2)
        shapes.append([np.array([foot[0], tip, foot[1], centre])])
    inside = coverage(shapes, size)
    pen = rng.uniform(1.0, 5.0)
    lines = [outline_ring(contours[0], np.full(len(contours[0]), 2 * pen)) for contours in shapes]
    # Outlines first, twice as wide: the inside then covers their inner half and where the shapes meet.
    tile = blend(tile, ink, coverage(lines, size))
    tile = blend(tile, paper, inside)
    return blend(tile, ink, letters * inside)
