"""Sheets of vector drawings: flat and shaded colour with edges as exact as pixels allow.

Photographed, scanned and compressed art has blurred what a network could have reckoned exactly: where in a
pixel an edge runs. These sheets have it, in far more shapes and colours than the art.
"""

from __future__ import annotations

import colorsys

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vector_drawings import DrawingSource, render

Pixels = NDArray[np.uint8]

SHEET = 2048
# Longer side of a drawing in pixels, drawn evenly on a logarithmic scale. Each sheet has its own largest: next to
# large drawings there would hardly be room for those whose lines are as thin as small lettering's.
SMALLEST_SIDE, LARGEST_SIDES = 24, (80, 480)
# A sheet is full when the rendered squares together have so many times its area.
COVER = (1.5, 5.0)
# How many different sources a sheet draws from.
SOURCES = (1, 4)
TURNS = (Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_270)


def random_colour(rng: np.random.Generator) -> tuple[int, int, int]:
    """Black, white, a grey, or a colour of any hue."""
    kind = rng.random()
    if kind < 0.2:
        level = int(rng.choice([0, 255, 34, 51]))
        return level, level, level
    saturation = 0.0 if kind < 0.3 else rng.uniform(0.1, 1.0)
    red, green, blue = colorsys.hsv_to_rgb(rng.random(), saturation, rng.uniform(0.15, 1.0))
    return round(red * 255), round(green * 255), round(blue * 255)


def background(rng: np.random.Generator) -> Image.Image:
    """Paper, a flat colour or one that turns into another."""
    kind = rng.random()
    if kind < 0.35:
        colour = (255, 255, 255) if kind < 0.25 else tuple(int(v) for v in rng.integers(228, 256, 3))
        return Image.new("RGB", (SHEET, SHEET), colour)
    if kind < 0.8:
        return Image.new("RGB", (SHEET, SHEET), random_colour(rng))
    angle = rng.uniform(0, 2 * np.pi)
    along = np.linspace(-0.5, 0.5, SHEET)
    mix = np.clip(0.5 + along[:, None] * np.sin(angle) + along[None, :] * np.cos(angle), 0, 1)[:, :, None]
    first, second = (np.array(random_colour(rng), np.float32) for _ in range(2))
    return Image.fromarray(np.rint(first + (second - first) * mix).astype(np.uint8))


def turned(drawing: Image.Image, rng: np.random.Generator) -> Image.Image:
    """By quarter turns, mirrored; edges stay as they were rendered."""
    if rng.random() < 0.5:
        drawing = drawing.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if rng.random() < 0.3:
        drawing = drawing.transpose(TURNS[int(rng.integers(3))])
    return drawing


def render_sheet(
    sources: list[DrawingSource], rng: np.random.Generator
) -> tuple[Image.Image, list[DrawingSource]]:
    """A sheet of SHEET x SHEET pixels, RGB, and the sources drawn from."""
    count = min(len(sources), int(rng.integers(SOURCES[0], SOURCES[1] + 1)))
    # A source of a hundred times as many drawings is ten times as likely.
    weights = np.sqrt([len(source.drawings) for source in sources])
    chosen = [
        sources[int(i)] for i in rng.choice(len(sources), count, replace=False, p=weights / weights.sum())
    ]
    sheet = background(rng)
    sides = np.log((SMALLEST_SIDE, np.exp(rng.uniform(*np.log(LARGEST_SIDES)))))
    wanted, covered = rng.uniform(*COVER) * SHEET * SHEET, 0.0
    while covered < wanted:
        side = round(np.exp(rng.uniform(*sides)))
        source = chosen[int(rng.integers(len(chosen)))]
        svg = source.drawings[int(rng.integers(len(source.drawings)))]
        # Also what cannot be rendered counts, so that a source of nothing else ends.
        covered += side * side
        pixels = render(svg, side, "#{:02x}{:02x}{:02x}".format(*random_colour(rng)))
        if pixels is None:
            continue
        drawing = turned(Image.fromarray(pixels), rng)
        first, end = -side // 3, SHEET - side // 2
        sheet.paste(drawing, (int(rng.integers(first, end)), int(rng.integers(first, end))), drawing)
    return sheet, chosen
