"""Strokes and shapes without outlines, of any colour, as diagrams, notes and flat illustrations have them."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from balloons import cut_sheet
from drawing import Mark, Points, any_colour, blend, curve, paint_marks, stroke, superellipse
from scenes import random_contour, unit_vector

Pixels = NDArray[np.uint8]

# All in high-resolution pixels.
THINNEST, THICKEST = 0.8, 14.0
SMALLEST_REACH, LARGEST_REACH = 16.0, 220.0
SOFTNESS = (0.3, 1.0)
TEXT_SIDES = (24, 280)
CIRCLE_POINTS = 48


def add_strokes(tile: Pixels, sheet: Pixels, rng: np.random.Generator) -> Pixels:
    """Put strokes on a tile (h, w) or (h, w, 3), or on a bare ground in its place; sheet: lettering."""
    size = tile.shape[0]
    palette = [any_colour(tile, rng) for _ in range(int(rng.integers(2, 6)))]
    softness = 0.0 if rng.random() < 0.4 else rng.uniform(*SOFTNESS)
    count = int(rng.integers(6, 21))
    if rng.random() < 0.35:
        ground = rng.uniform(235, 255) if rng.random() < 0.65 else any_colour(tile, rng)
        tile = np.full_like(tile, np.rint(ground))
        count *= 2
    else:
        # The tile may be part of a picture that other tiles are cut from.
        tile = tile.copy()
    for _ in range(count):
        colour = palette[int(rng.integers(len(palette)))]
        opacity = 1.0 if rng.random() < 0.7 else rng.uniform(0.25, 0.9)
        kind = str(rng.choice(list(SHARES), p=list(SHARES.values())))
        if kind == TEXT:
            add_text(tile, sheet, (any_colour(tile, rng), colour), opacity, rng)
        else:
            reach = SMALLEST_REACH * (LARGEST_REACH / SMALLEST_REACH) ** rng.random()
            marks = KINDS[kind](rng.uniform(0, size, 2), reach, rng)
            paint_marks(tile, marks, colour, opacity, softness)
    return tile


def add_text(
    tile: Pixels,
    sheet: Pixels,
    colours: tuple[NDArray[np.float64], NDArray[np.float64]],
    opacity: float,
    rng: np.random.Generator,
) -> None:
    """Lettering on a tile in place, sometimes on a flat patch; colours: the patch's and the letters'."""
    height, width = (int(side) for side in rng.integers(*TEXT_SIDES, 2))
    y, x = (int(rng.integers(tile.shape[0] - side + 1)) for side in (height, width))
    letters = cut_sheet(sheet, height, width, rng)
    region = tile[y : y + height, x : x + width]
    if rng.random() < 0.4:
        region[:] = np.rint(colours[0])
    region[:] = blend(region, colours[1], letters * np.float32(opacity))


def pen_width(rng: np.random.Generator, thickest: float = THICKEST) -> float:
    """A width in pixels up to `thickest`, evenly distributed on a logarithmic scale."""
    return THINNEST * (thickest / THINNEST) ** rng.random()


def pen_line(path: Points, width: float, rng: np.random.Generator) -> Mark:
    """A line with round ends, of one width, tapered or swelling."""
    steps = np.linspace(0, 1, len(path))
    style = rng.random()
    if style < 0.6:
        widths = np.full(len(path), width)
    elif style < 0.8:
        widths = width * np.sin(math.pi * steps) ** rng.uniform(0.4, 1)
    else:
        widths = width * (1 + rng.uniform(0.1, 0.5) * np.sin(steps * rng.uniform(3, 12)))
    return Mark(path, np.clip(widths, THINNEST / 2, THICKEST))


def bar(start: Points, end: Points, width: float) -> Mark:
    """A straight line with butt ends."""
    return Mark(stroke(np.array([start, end]), np.full(2, width))[0])


def free_strokes(spot: Points, reach: float, rng: np.random.Generator) -> list[Mark]:
    """One to four lines through the neighbourhood of a spot, straight or bent, some across each other."""
    width = pen_width(rng)
    marks: list[Mark] = []
    for _ in range(int(rng.integers(1, 5))):
        half = unit_vector(rng) * reach / 2
        middle = spot + rng.normal(0, reach / 6, 2)
        if rng.random() < 0.3:
            marks.append(bar(middle - half, middle + half, width))
        else:
            bend = middle + (rng.normal(0, reach / 2, 2) if rng.random() < 0.7 else 0)
            marks.append(pen_line(curve(middle - half, bend, middle + half), width, rng))
    return marks


def hatching(spot: Points, reach: float, rng: np.random.Generator) -> list[Mark]:
    """Parallel lines with ends that are even or not, sometimes with others across."""
    spacing = rng.uniform(2.5, 16)
    width = max(THINNEST, spacing * rng.uniform(0.2, 0.6))
    ragged = rng.uniform(0, 0.2) * reach
    along = unit_vector(rng)
    directions = [along] if rng.random() < 0.7 else [along, np.array([-along[1], along[0]])]
    marks: list[Mark] = []
    for direction in directions:
        across = np.array([-direction[1], direction[0]])
        for place in np.arange(-reach / 2, reach / 2, spacing):
            start, end = (
                spot + across * place + direction * (side * reach / 2 + rng.normal(0, ragged))
                for side in (-1, 1)
            )
            marks.append(Mark(np.array([start, end]), np.full(2, width)))
    return marks


def dots(spot: Points, reach: float, rng: np.random.Generator) -> list[Mark]:
    """Filled circles and ellipses, in rows or scattered."""
    radii = rng.uniform(0.6, 12) * (np.ones(2) if rng.random() < 0.6 else rng.uniform(0.4, 1, 2))
    if rng.random() < 0.4:
        step = 2 * radii.max() * rng.uniform(1.2, 3)
        count = int(np.clip(reach / step, 1, 8))
        places = spot + step * np.stack(np.meshgrid(*[np.arange(count)] * 2), axis=-1).reshape(-1, 2)
    else:
        places = spot + rng.normal(0, reach / 3, (int(rng.integers(1, 25)), 2))
    return [Mark(superellipse(place, radii, 2, CIRCLE_POINTS)) for place in places]


def flat_shape(spot: Points, reach: float, rng: np.random.Generator) -> list[Mark]:
    """A filled blob, star, polygon, ellipse or rounded box."""
    if rng.random() < 0.6:
        return [Mark(random_contour(spot, reach / 2, rng))]
    return [Mark(superellipse(spot, rng.uniform(0.2, 0.6, 2) * reach, rng.uniform(2, 12)))]


def rings(spot: Points, reach: float, rng: np.random.Generator) -> list[Mark]:
    """Ellipses and rounded boxes that are lines only, one or some within each other."""
    radii, power = rng.uniform(0.2, 0.6, 2) * reach, rng.choice((2.0, rng.uniform(2, 12)))
    width = pen_width(rng, min(THICKEST, reach / 6))
    marks: list[Mark] = []
    for share in np.linspace(1, 0.4, int(rng.integers(1, 4))):
        contour = superellipse(spot, radii * share, power)
        marks.append(pen_line(np.concatenate((contour, contour[:1])), width, rng))
    return marks


def grid(spot: Points, reach: float, rng: np.random.Generator) -> list[Mark]:
    """A table's lines or a single box, upright or a little askew."""
    rows, columns = (int(count) for count in rng.integers(1, 9, 2))
    width, angle = pen_width(rng, 4.0), rng.normal(0, 0.1) if rng.random() < 0.25 else 0.0
    right = np.array([math.cos(angle), math.sin(angle)]) * reach
    down = np.array([-math.sin(angle), math.cos(angle)]) * reach * rng.uniform(0.3, 1.2)
    # Longer by half a line at both ends, so that corners are closed.
    half_right, half_down = right * (0.5 + width / 2 / reach), down * (0.5 + width / 2 / np.hypot(*down))
    horizontal = [spot + down * place for place in np.linspace(-0.5, 0.5, rows + 1)]
    vertical = [spot + right * place for place in np.linspace(-0.5, 0.5, columns + 1)]
    return [bar(at - half_right, at + half_right, width) for at in horizontal] + [
        bar(at - half_down, at + half_down, width) for at in vertical
    ]


def arrow(spot: Points, reach: float, rng: np.random.Generator) -> list[Mark]:
    """A straight or bent shaft with an open or a filled head."""
    width = pen_width(rng, min(THICKEST, reach / 6))
    half = unit_vector(rng) * reach / 2
    bend = spot + (rng.normal(0, reach / 4, 2) if rng.random() < 0.6 else 0)
    start, tip = spot - half, spot + half
    along = (tip - bend) / max(float(np.hypot(*(tip - bend))), 1e-9)
    across = np.array([-along[1], along[0]])
    length = max(reach * rng.uniform(0.1, 0.35), 3 * width)
    wings = [tip - along * length + across * side * length * rng.uniform(0.4, 0.9) for side in (-1, 1)]
    if rng.random() < 0.5:
        # The shaft ends inside the head, or its own round end would blunt the tip.
        shaft = Mark(curve(start, bend, tip - along * length / 2), np.full(24, width))
        return [shaft, Mark(np.array([wings[0], tip, wings[1]]))]
    head = Mark(np.array([wings[0], tip, wings[1]]), np.full(3, width))
    return [Mark(curve(start, bend, tip), np.full(24, width)), head]


def handwriting(spot: Points, reach: float, rng: np.random.Generator) -> list[Mark]:
    """A line of loops as of joined letters."""
    height = rng.uniform(8, 40)
    turns = max(2.0, reach / height * rng.uniform(1, 2))
    steps = np.linspace(0, turns * 2 * math.pi, int(turns * 14))
    sizes = np.interp(steps, np.arange(0, steps[-1] + 3, 3), rng.uniform(0.3, 1, int(steps[-1] // 3) + 2))
    x = steps / steps[-1] * reach + height * rng.uniform(0.1, 0.6) * sizes * np.sin(steps)
    y = height / 2 * sizes * np.cos(steps + rng.normal(0, 0.4))
    slant = rng.uniform(-0.4, 0.4)
    path = spot + np.stack((x - reach / 2 - slant * y, y + rng.normal(0, 0.1) * x), axis=1)
    return [pen_line(path, pen_width(rng, height / 4), rng)]


def lettering_marks(spot: Points, reach: float, rng: np.random.Generator) -> list[Mark]:
    """A row of signs as of printed letters: a few straight and bent strokes in a box each."""
    height = rng.uniform(8, 48)
    box = height * np.array([rng.uniform(0.4, 0.8), 1])
    width = pen_width(rng, height / 5)
    marks: list[Mark] = []
    for place in range(int(np.clip(reach / (box[0] * 1.3), 1, 12))):
        corner = spot + (place * box[0] * 1.3, 0) + rng.normal(0, height / 30, 2)
        for _ in range(int(rng.integers(1, 4))):
            # Strokes of letters begin and end at a few heights and sides.
            start, end = corner + box * rng.integers(0, 3, (2, 2)) / 2
            bend = (start + end) / 2 if rng.random() < 0.5 else corner + box * rng.uniform(-0.3, 1.3, 2)
            marks.append(Mark(curve(start, bend, end, 12), np.full(12, width)))
    return marks


KINDS: dict[str, Callable[[Points, float, np.random.Generator], list[Mark]]] = {
    "strokes": free_strokes,
    "hatching": hatching,
    "dots": dots,
    "shape": flat_shape,
    "rings": rings,
    "grid": grid,
    "arrow": arrow,
    "handwriting": handwriting,
    "letters": lettering_marks,
}
TEXT = "text"
SHARES = {
    "strokes": 0.24,
    "hatching": 0.1,
    "dots": 0.08,
    "shape": 0.12,
    "rings": 0.06,
    "grid": 0.08,
    "arrow": 0.07,
    "handwriting": 0.06,
    "letters": 0.07,
    TEXT: 0.12,
}
