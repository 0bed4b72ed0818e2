"""Drawn scenes of flat colour with outlines, as animation and line art have; the art at hand has few.

Overlapping shapes get a label each on a supersampled canvas; their shades, highlights and ink lines get
labels of their own. A table gives each label its colour, so shrinking the canvas antialiases every edge.
"""

from __future__ import annotations

import colorsys
import math
from collections.abc import Callable
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from drawing import (
    SUPERSAMPLING,
    Points,
    curve,
    fill,
    outline_ring,
    shrink_canvas,
    stroke,
)

Pixels = NDArray[np.uint8]
Plane = NDArray[np.float32]
Colour = NDArray[np.float64]
# Draws a base colour, RGB from 0 to 255.
Palette = Callable[[np.random.Generator], Colour]

CONTOUR_POINTS = 240
SKIN = np.array([(255, 224, 196), (250, 210, 180), (222, 170, 130), (150, 100, 70)], np.float64)


@dataclass(frozen=True)
class Scene:
    """picture: (h, w, 3); ink: how much of each pixel (h, w) is ink, 0 to 1; ink_grey: its value, to 255."""

    picture: Pixels
    ink: Plane
    ink_grey: float


@dataclass
class LabelCanvas:
    """Labels of a scene, drawn SUPERSAMPLING times too large, and what each label looks like.

    grading: how strongly a label's colour follows the scene's soft light, 0 (flat) to 1.
    """

    pixels: Pixels
    colours: list[Colour] = field(default_factory=list)
    inked: list[bool] = field(default_factory=list)
    grading: list[float] = field(default_factory=list)

    def label(self, colour: Colour, inked: bool = False, grading: float = 0.0) -> int:
        """A new label."""
        self.colours.append(colour)
        self.inked.append(inked)
        self.grading.append(grading)
        return len(self.colours) - 1

    def paint_inside(self, parent: int, bounds: Points, contours: list[Points], label: int) -> None:
        """Relabel the part of a parent's area that lies in a shape; bounds: points around that area."""
        corners = np.clip([bounds.min(axis=0), bounds.max(axis=0)], 0, self.pixels.shape[0] / SUPERSAMPLING)
        (left, top), (right, bottom) = np.rint(corners * SUPERSAMPLING).astype(int)
        region = self.pixels[top:bottom, left:right]
        if region.size == 0:
            return
        shape = np.zeros(region.shape, np.uint8)
        origin = np.array((left, top)) / SUPERSAMPLING
        fill(shape, [contour - origin for contour in contours], 1)
        np.putmask(region, (shape == 1) & (region == parent), label)

    def lookup(self, values: list[float]) -> Pixels:
        """One value (0 to 255) for each label, shrunk to the scene's size."""
        return shrink_canvas(cv2.LUT(self.pixels, table(values)))


def table(values: list[float]) -> Pixels:
    """A 256-entry lookup table that begins with the values."""
    entries = np.zeros(256, np.uint8)
    entries[: len(values)] = np.rint(np.clip(values, 0, 255))
    return entries


def vivid_palette(rng: np.random.Generator) -> Palette:
    """A few saturated hues, skin tones and near-whites."""
    hues = rng.random(4)

    def draw(rng: np.random.Generator) -> Colour:
        kind = rng.random()
        if kind < 0.15:
            return SKIN[int(rng.integers(len(SKIN)))] + rng.uniform(-8, 8)
        if kind < 0.25:
            return np.full(3, rng.uniform(225, 255))
        hue = float(rng.choice(hues) + rng.normal(0, 0.03)) % 1
        return np.array(colorsys.hsv_to_rgb(hue, rng.uniform(0.2, 0.95), rng.uniform(0.35, 1))) * 255

    return draw


def grey_palette(rng: np.random.Generator) -> Palette:
    """Paper white and a few greys, for tone to be printed over."""
    greys = (1.0, 1.0, *rng.uniform(0.2, 0.9, 3))
    return lambda rng: np.full(3, 255.0 * float(rng.choice(greys)))


def random_contour(centre: Points, radius: float, rng: np.random.Generator) -> Points:
    """A closed outline: a rounded blob, spikes like locks of hair, or a polygon; turned and stretched."""
    turn = np.linspace(0, 2 * math.pi, CONTOUR_POINTS, endpoint=False)
    kind = rng.random()
    radii = np.ones_like(turn)
    if kind < 0.55:
        for wave in range(2, 6):
            radii += rng.normal(0, 0.35 / wave) * np.cos(wave * turn + rng.uniform(0, 2 * math.pi))
    elif kind < 0.8:
        spikes = int(rng.integers(3, 10))
        radii -= rng.uniform(0.25, 0.6) * np.abs(np.sin(spikes * turn / 2)) ** rng.uniform(0.5, 1)
        radii += 0.15 * np.cos(turn + rng.uniform(0, 2 * math.pi))
    else:
        corners = int(rng.integers(3, 7))
        radii = math.cos(math.pi / corners) / np.cos((turn % (2 * math.pi / corners)) - math.pi / corners)
    contour = np.maximum(radii, 0.1)[:, None] * np.stack((np.cos(turn), np.sin(turn)), axis=1)
    contour *= (1, rng.uniform(0.35, 1))
    angle = rng.uniform(0, 2 * math.pi)
    cosine, sine = math.cos(angle), math.sin(angle)
    return centre + radius * contour @ np.array([[cosine, sine], [-sine, cosine]])


def draw_scene(size: int, palette: Palette, rng: np.random.Generator) -> Scene:
    """Overlapping shapes over a background, size x size pixels."""
    canvas = LabelCanvas(np.zeros((size * SUPERSAMPLING,) * 2, np.uint8))
    ink_grey = rng.uniform(0, 40)
    canvas.label(palette(rng), grading=rng.random())
    ink = canvas.label(np.full(3, ink_grey), inked=True)
    pen = rng.uniform(1.0, 4.0)
    for number in range(int(rng.integers(8, 25))):
        radius = max(size * rng.uniform(0.12, 0.5) * 0.9**number, 8)
        contour = random_contour(rng.uniform(0, size, 2), radius, rng)
        add_shape(canvas, contour, radius, palette, ink, pen, rng)
    for _ in range(int(rng.integers(0, 9))):
        for path in strand(size, rng):
            taper = np.sin(np.linspace(0, math.pi, len(path))) ** rng.uniform(0.4, 1)
            fill(canvas.pixels, stroke(path, taper * pen * rng.uniform(0.5, 1.2)), ink)
    return finished(canvas, ink_grey, rng)


def add_shape(
    canvas: LabelCanvas,
    contour: Points,
    radius: float,
    palette: Palette,
    ink: int,
    pen: float,
    rng: np.random.Generator,
) -> None:
    """One shape: fill, hard-edged shade and highlight inside it, an outline of changing width around it."""
    colour = palette(rng)
    body = canvas.label(colour, grading=rng.random() if rng.random() < 0.5 else 0.0)
    fill(canvas.pixels, [contour], body)
    if rng.random() < 0.6:
        shade = canvas.label(colour * rng.uniform((0.55, 0.55, 0.6), (0.85, 0.85, 0.95)))
        light = radius * rng.uniform(0.15, 0.5) * unit_vector(rng)
        # All of the shape but itself moved towards the light: a box around it with a hole.
        (left, top), (right, bottom) = contour.min(axis=0) - radius, contour.max(axis=0) + radius
        box = np.array([(left, top), (right, top), (right, bottom), (left, bottom)])
        canvas.paint_inside(body, contour, [box, contour + light], shade)
    if rng.random() < 0.35:
        highlight = canvas.label(255 - (255 - colour) * rng.uniform(0, 0.6))
        spot = contour.mean(axis=0) + radius * rng.uniform(0, 0.5) * unit_vector(rng)
        glint = random_contour(spot, radius * rng.uniform(0.05, 0.25), rng)
        canvas.paint_inside(body, contour, [glint], highlight)
    style = rng.random()
    if style < 0.9:
        line = ink if style < 0.7 else canvas.label(colour * rng.uniform(0.25, 0.6))
        turn = np.linspace(0, 2 * math.pi, len(contour), endpoint=False)
        wave = np.sin(int(rng.integers(1, 4)) * turn + rng.uniform(0, 2 * math.pi))
        widths = pen * rng.uniform(0.7, 1.3) * (1 + rng.uniform(0, 0.5) * wave)
        fill(canvas.pixels, outline_ring(contour, np.clip(widths, 0.8, 5)), line)


def strand(size: int, rng: np.random.Generator) -> list[Points]:
    """One to eight curved strokes side by side, like hair or hatching."""
    start, end = rng.uniform(0, size, (2, 2))
    end = start + (end - start) * rng.uniform(0.1, 0.6)
    bend = (start + end) / 2 + rng.normal(0, size / 16, 2)
    step = unit_vector(rng) * rng.uniform(4, 14)
    return [
        curve(*(point + number * step + rng.normal(0, 2, 2) for point in (start, bend, end)))
        for number in range(int(rng.integers(1, 9)))
    ]


def unit_vector(rng: np.random.Generator) -> Points:
    angle = rng.uniform(0, 2 * math.pi)
    return np.array([math.cos(angle), math.sin(angle)])


def finished(canvas: LabelCanvas, ink_grey: float, rng: np.random.Generator) -> Scene:
    """Shrink the labels to colours and ink; graded labels follow a soft light across the scene."""
    ink = canvas.lookup([255.0 * inked for inked in canvas.inked]).astype(np.float32) / 255
    colours = np.stack([canvas.lookup([c[channel] for c in canvas.colours]) for channel in range(3)], axis=2)
    size = colours.shape[0]
    knots = rng.uniform(-60, 30, (2, 2)).astype(np.float32)
    light = cv2.resize(knots, (size, size), interpolation=cv2.INTER_LINEAR)
    light *= canvas.lookup([255 * grading for grading in canvas.grading]).astype(np.float32) / 255
    graded = np.clip(colours + light[:, :, None], 0, 255)
    return Scene(np.rint(graded).astype(np.uint8), ink, ink_grey)
