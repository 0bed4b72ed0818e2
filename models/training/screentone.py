"""Synthetic screentone: black dots or lines over the greys of a picture, as manga is printed.

The validation's screentone, kept as it was in the first run (training tiles: tones.py). The art at hand has
none, and nothing shows a wrong upscaler sooner. A periodic spot function is compared
with the grey wanted; the edge is softened over one pixel, which stands for the scan's own sampling.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Plane = NDArray[np.float32]

ANGLES_DEGREES = (45.0, 45.0, 45.0, 0.0, 15.0, 30.0, 60.0, 75.0, 90.0)
# Pixels of the high-resolution page between dots: below 4 they vanish once the page is halved.
SHORTEST_PERIOD, LONGEST_PERIOD = 4.0, 18.0


def spot_function(size: int, period: float, angle: float, lines: bool, phase: tuple[float, float]) -> Plane:
    """Periodic pattern over (size, size) pixels, values in [0, 1]; angle in radians, period in pixels."""
    y, x = np.mgrid[0:size, 0:size].astype(np.float32)
    frequency = np.float32(2 * math.pi / period)
    u = (x * math.cos(angle) + y * math.sin(angle)).astype(np.float32) * frequency + np.float32(phase[0])
    if lines:
        return (0.5 + 0.5 * np.cos(u)).astype(np.float32)
    v = (y * math.cos(angle) - x * math.sin(angle)).astype(np.float32) * frequency + np.float32(phase[1])
    return (0.5 + 0.25 * (np.cos(u) + np.cos(v))).astype(np.float32)


def halftone(grey: Plane, pattern: Plane, period: float) -> Plane:
    """Ink where the pattern exceeds the grey (0 black, 1 white), with an edge about one pixel wide."""
    edge = 2.2 / period
    return np.clip((grey - pattern) / edge + 0.5, 0, 1).astype(np.float32)


def smooth_grey(grey: Plane, factor: int) -> Plane:
    """Local mean of a picture in [0, 1]: shrunk by factor and enlarged again."""
    size = grey.shape[0]
    image = Image.fromarray(grey)
    small = image.resize((max(1, size // factor),) * 2, Image.Resampling.BOX)
    return np.asarray(small.resize((size, size), Image.Resampling.BICUBIC), np.float32)


def tone_levels(grey: Plane, rng: np.random.Generator) -> Plane:
    """The greys to be printed as tone: the picture's own shading, a flat grey or a gradient."""
    kind = rng.random()
    if kind < 0.4:
        return np.clip(smooth_grey(grey, int(rng.integers(8, 33))) * 0.9 + 0.05, 0, 1)
    low, high = rng.uniform(0.1, 0.95, 2)
    if kind < 0.75:
        return np.full_like(grey, low)
    ramp = np.linspace(low, high, grey.shape[0], dtype=np.float32)
    return np.broadcast_to(ramp[:, None] if rng.random() < 0.5 else ramp[None, :], grey.shape)


def add_screentone(grey: Plane, rng: np.random.Generator) -> Plane:
    """Print a square picture (values in [0, 1]) with tone in the areas of one band of brightness.

    Lines darker than the tone stay; the rest of a toned area turns to ink and paper.
    """
    size = grey.shape[0]
    period = SHORTEST_PERIOD * (LONGEST_PERIOD / SHORTEST_PERIOD) ** (rng.random() ** 1.3)
    angle = math.radians(float(rng.choice(ANGLES_DEGREES)) + rng.normal(0, 0.5))
    phase = (rng.uniform(0, 2 * math.pi), rng.uniform(0, 2 * math.pi))
    pattern = spot_function(size, period, angle, bool(rng.random() < 0.25), phase)
    tone = halftone(tone_levels(grey, rng), pattern, period)
    if rng.random() < 0.15:
        tone = 1 - tone
    lines = np.clip((grey - 0.2) / 0.25, 0, 1)
    area = smooth_grey(grey, 16)
    centre, width = rng.uniform(0.3, 1.0), rng.uniform(0.2, 0.8)
    toned = np.abs(area - centre) < width
    ink = rng.uniform(0, 0.12)
    paper = rng.uniform(0.92, 1)
    printed = ink + (paper - ink) * np.minimum(tone, lines)
    return np.where(toned, printed, grey).astype(np.float32)
