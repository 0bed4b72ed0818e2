"""What stands between and behind drawings on a page: gutters with frames, and speed lines."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from drawing import Points, blend, coverage

Pixels = NDArray[np.uint8]


def band(start: Points, along: Points, length: float, width: float) -> Points:
    """A rectangle of a width around the line from start, `length` pixels along a unit vector."""
    across = np.array([-along[1], along[0]]) * width / 2
    end = start + along * length
    return np.array([start + across, end + across, end - across, start - across])


def add_gutters(tile: Pixels, rng: np.random.Generator) -> Pixels:
    """One gutter, or two that meet, between panels with frame lines; mostly white and upright."""
    size = tile.shape[0]
    gutter, frame = rng.uniform(8, 44), rng.uniform(1.5, 7)
    angle = int(rng.integers(4)) * math.pi / 2
    if rng.random() < 0.25:
        angle += rng.normal(0, 0.15)
    along = np.array([math.cos(angle), math.sin(angle)])
    middle = rng.uniform(0.1, 0.9, 2) * size
    reach = 2.0 * size
    lines = [(middle - along * reach, along, 2 * reach)]
    if rng.random() < 0.5:
        lines.append((middle, np.array([-along[1], along[0]]), reach))
    paper, ink = rng.uniform(240, 255), rng.uniform(0, 30)
    if rng.random() < 0.1:
        paper, ink = ink, paper
    # All frames before all gutters, so that two gutters are open to each other.
    frames = [[band(*line, gutter + 2 * frame)] for line in lines]
    tile = blend(tile, ink, coverage(frames, size))
    return blend(tile, paper, coverage([[band(*line, gutter)] for line in lines], size))


def wedge(tip: Points, end: Points, width: float) -> list[Points]:
    """A line that grows from nothing at the tip to a width at its end."""
    along = (end - tip) / max(float(np.hypot(*(end - tip))), 1e-9)
    across = np.array([-along[1], along[0]]) * width / 2
    return [np.array([tip, end + across, end - across])]


def radial_lines(size: int, rng: np.random.Generator) -> list[list[Points]]:
    """Wedges that point at one place and leave it free."""
    centre = rng.uniform(-0.2, 1.2, 2) * size
    hollow, ragged = rng.uniform(0.1, 0.5) * size, rng.uniform(0.05, 0.3) * size
    count = int(rng.integers(40, 180))
    width = rng.uniform(0.2, 0.8) * 2 * math.pi * size / count
    turns = (np.arange(count) + rng.uniform(-0.5, 0.5, count)) * 2 * math.pi / count
    rays = np.stack((np.cos(turns), np.sin(turns)), axis=1)
    near = hollow + ragged * rng.random(count) ** 2
    widths = width * rng.uniform(0.2, 1, count)
    return [
        wedge(centre + ray * start, centre + ray * 2 * size, w)
        for ray, start, w in zip(rays, near, widths, strict=True)
    ]


def parallel_lines(size: int, rng: np.random.Generator) -> list[list[Points]]:
    """Thin lines in one direction, pointed at one end or at both."""
    angle = rng.choice((0.0, math.pi / 2, rng.uniform(0, math.pi)))
    along = np.array([math.cos(angle), math.sin(angle)])
    shapes: list[list[Points]] = []
    thickest = rng.uniform(1.5, 6)
    for _ in range(int(rng.integers(20, 120))):
        middle, half = rng.uniform(0, size, 2), rng.uniform(0.1, 0.7) * size
        width = rng.uniform(0.6, thickest)
        shapes.append(wedge(middle - along * half, middle, width))
        shapes.append(wedge(middle + along * (half if rng.random() < 0.5 else 2 * size), middle, width))
    return shapes


def add_speed_lines(tile: Pixels, rng: np.random.Generator) -> Pixels:
    """Radial or parallel lines over the tile, or over bare paper or ink in its place."""
    size = tile.shape[0]
    ink, ground = rng.uniform(0, 40), rng.uniform(235, 255)
    if rng.random() < 0.25:
        ink, ground = ground, ink
    if rng.random() < 0.4:
        tile = np.full_like(tile, round(ground))
    lines = radial_lines(size, rng) if rng.random() < 0.6 else parallel_lines(size, rng)
    return blend(tile, ink, coverage(lines, size))
