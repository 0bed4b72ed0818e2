"""Screentone as training tiles have it: many kinds of dot, line and grain, one or two in a tile.

A screen is a periodic function whose values are distances in pixels from the middle of the nearest dot; ink
goes where the distance is below the one that covers as much of a cell as the grey wants. So the edges of dots
have any softness wanted, and every kind of screen prints the right grey.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

import cv2
import numpy as np
from numpy.typing import NDArray

from scenes import Scene

Pixels = NDArray[np.uint8]
Plane = NDArray[np.float32]

# High-resolution pixels between dots. Below 4 little but grey is left once the page is halved.
SHORTEST_PERIOD, LONGEST_PERIOD = 3.0, 20.0
# From ink to paper, in high-resolution pixels: a drawn file to a soft scan.
SHARPEST_EDGE, SOFTEST_EDGE = 0.6, 1.6
# Sigma of the noise behind sand, in high-resolution pixels.
SAND_GRAINS = (0.5, 1.4)
# Brightness of a picture from which on it is bare paper.
PAPER = 0.93
ANGLES_DEGREES = (45.0, 45.0, 45.0, 0.0, 15.0, 30.0, 60.0, 75.0, 90.0)
TURN = 2 * math.pi
LEVELS = 256

# Distance from the middle of a cell at u, v in -0.5 to 0.5, its steepest slope about 1.
SPOTS: dict[str, Callable[[Plane, Plane], Plane]] = {
    "round": lambda u, v: np.sqrt(u * u + v * v),
    # Dots up to half grey, round holes above it.
    "cosine": lambda u, v: -(np.cos(TURN * u) + np.cos(TURN * v)) / (TURN * math.sqrt(2)),
    "ellipse": lambda u, v: np.sqrt(0.4 * u * u + v * v),
    # At half grey the diamonds touch: a chequerboard.
    "diamond": lambda u, v: (np.abs(u) + np.abs(v)) / math.sqrt(2),
    "square": lambda u, v: np.maximum(np.abs(u), np.abs(v)),
    "line": lambda u, v: np.abs(u) + 0 * v,
    "hatch": lambda u, v: np.minimum(np.abs(u), np.abs(v)),
}
SAND = "sand"
SHARES = {
    "round": 0.32,
    "cosine": 0.15,
    "ellipse": 0.07,
    "diamond": 0.1,
    "square": 0.07,
    "line": 0.13,
    "hatch": 0.06,
    SAND: 0.1,
}


@dataclass(frozen=True)
class Screen:
    """distance: (h, w) in pixels; limits: the distance that covers 0/255 to 255/255 of the area with ink."""

    distance: Plane
    limits: Plane

    def ink(self, darkness: Plane, edge: float) -> Plane:
        """Ink (0 to 1) for a darkness (0 to 1); edge: pixels from ink to paper."""
        limit = self.limits[np.rint(darkness * (LEVELS - 1)).astype(np.uint8)]
        return np.clip((limit - self.distance) / np.float32(edge) + np.float32(0.5), 0, 1)


@lru_cache
def spot_limits(kind: str) -> Plane:
    """Quantiles of a spot function over its cell."""
    steps = (np.arange(64, dtype=np.float32) + 0.5) / 64 - 0.5
    values = SPOTS[kind](*np.meshgrid(steps, steps))
    return np.quantile(values, np.linspace(0, 1, LEVELS)).astype(np.float32)


@lru_cache
def sand_limits() -> Plane:
    """Quantiles of the standard normal distribution; its ends are cut at a thousandth."""
    shares = np.clip(np.linspace(0, 1, LEVELS), 0.001, 0.999)
    return np.array([NormalDist().inv_cdf(float(share)) for share in shares], np.float32)


def periodic_screen(size: int, kind: str, period: float, angle: float, phase: tuple[float, float]) -> Screen:
    """A screen of one of SPOTS, size x size pixels; period in pixels, angle in radians, phase in cells."""
    steps = np.arange(size, dtype=np.float32) / np.float32(period)
    x, y = steps[None, :], steps[:, None]
    cosine, sine = np.float32(math.cos(angle)), np.float32(math.sin(angle))
    u = (x * cosine + np.float32(phase[0])) + y * sine
    v = (x * -sine + np.float32(phase[1])) + y * cosine
    distance = SPOTS[kind](u - np.rint(u), v - np.rint(v))
    return Screen(distance * np.float32(period), spot_limits(kind) * np.float32(period))


def sand_screen(size: int, grain: float, rng: np.random.Generator) -> Screen:
    """Grains without order: smooth noise; grain: the smoothing Gaussian's sigma in pixels."""
    noise = cv2.GaussianBlur(rng.standard_normal((size, size), np.float32), (0, 0), grain)
    # The slope of such noise is about its spread over the sigma, thus the values become distances.
    return Screen(noise * np.float32(grain / noise.std()), sand_limits() * np.float32(grain))


def draw_screen(size: int, rng: np.random.Generator) -> Screen:
    """A screen of any kind, ruling and angle."""
    kind = str(rng.choice(list(SHARES), p=list(SHARES.values())))
    if kind == SAND:
        return sand_screen(size, rng.uniform(*SAND_GRAINS), rng)
    period = SHORTEST_PERIOD * (LONGEST_PERIOD / SHORTEST_PERIOD) ** (rng.random() ** 1.2)
    angle = math.radians(float(rng.choice(ANGLES_DEGREES)) + rng.normal(0, 0.5))
    return periodic_screen(size, kind, period, angle, (rng.random(), rng.random()))


def local_mean(grey: Plane, factor: int) -> Plane:
    """Smooth brightness of a picture: shrunk by factor and enlarged again."""
    side = max(1, grey.shape[0] // factor)
    small = cv2.resize(grey, (side, side), interpolation=cv2.INTER_AREA)
    return cv2.resize(small, grey.shape[::-1], interpolation=cv2.INTER_LINEAR)


def ramp(size: int, start: float, end: float, rng: np.random.Generator) -> Plane:
    """A gradient from start to end, straight at any angle or around a point."""
    steps = np.arange(size, dtype=np.float32)
    if rng.random() < 0.7:
        angle = rng.choice((0.0, 0.25, 0.5, rng.random())) * TURN
        way = steps[None, :] * np.float32(math.cos(angle)) + steps[:, None] * np.float32(math.sin(angle))
    else:
        x, y = (np.float32(value) for value in rng.uniform(0, size, 2))
        way = np.hypot(steps[None, :] - x, steps[:, None] - y)
    way = (way - way.min()) / np.ptp(way)
    return np.float32(start) + way * np.float32(end - start)


def tone_darkness(area: Plane, rng: np.random.Generator) -> Plane:
    """What a tone is to show: the picture's shading, that in a few steps, a flat grey or a gradient."""
    kind = rng.random()
    if kind < 0.4:
        shading = 1 - area
        if kind < 0.15:
            steps = int(rng.integers(2, 5))
            shading = (np.floor(shading * steps) + np.float32(0.5)) / steps
        return np.clip(shading * 0.9 + 0.05, 0, 1)
    if kind < 0.75:
        return np.full_like(area, 0.05 + 0.85 * rng.random() ** 1.6)
    return ramp(area.shape[0], *rng.uniform(0.02, 0.95, 2), rng)


def print_tone(grey: Plane, area: Plane, rng: np.random.Generator) -> Plane:
    """Print a square picture (0 to 1) with one or two tones, each in the areas of one band of brightness.

    area: the picture's brightness without its lines. Lines darker than a tone stay; the rest of a toned area
    turns to ink and paper.
    """
    lines = np.clip((grey - 0.2) / 0.25, 0, 1)
    ink, paper = np.float32(rng.uniform(0, 0.12)), np.float32(rng.uniform(0.92, 1))
    edge = rng.uniform(SHARPEST_EDGE, SOFTEST_EDGE)
    printed = grey
    for _ in range(1 if rng.random() < 0.65 else 2):
        tone = 1 - draw_screen(grey.shape[0], rng).ink(tone_darkness(area, rng), edge)
        if rng.random() < 0.12:
            tone = 1 - tone
        centre, width = rng.uniform(0.3, 1.0), rng.uniform(0.15, 0.8)
        inside = np.abs(area - np.float32(centre)) < width
        if rng.random() < 0.5:
            inside &= area < PAPER
        # Tone is cut with a knife: the cut goes through dots, and is as soft as the scan.
        cut = cv2.GaussianBlur(inside.astype(np.float32), (0, 0), 0.6)
        printed = printed + cut * (ink + (paper - ink) * np.minimum(tone, lines) - printed)
    return printed


def print_art(grey: Plane, rng: np.random.Generator) -> Plane:
    """Tone over a picture (0 to 1), by its smoothed brightness."""
    return print_tone(grey, local_mean(grey, int(rng.integers(8, 33))), rng)


def print_scene(scene: Scene, rng: np.random.Generator) -> Plane:
    """Line art over tone: a scene's greys printed, its ink clean on top; (h, w), 0 to 1."""
    grey = cv2.cvtColor(scene.picture, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
    # Below the ink the tone goes on: the brightest value around takes its place.
    around = cv2.dilate(grey, np.ones((13, 13), np.uint8))
    area = np.where(scene.ink > 0, around, grey)
    printed = print_tone(area, area, rng)
    return printed + scene.ink * (np.float32(scene.ink_grey / 255) - printed)
