"""Antialiased shapes: polygons filled on a canvas several times too large, then shrunk by area."""

from __future__ import annotations

import colorsys
import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Plane = NDArray[np.float32]
# (n, 2) x and y in pixels of the tile.
Points = NDArray[np.float64]

# A power of two.
SUPERSAMPLING = 4
# fillPoly takes fixed-point coordinates with so many bits behind the point.
FRACTION_BITS = 4


@dataclass(frozen=True)
class Mark:
    """A filled contour, or with widths (n,) in pixels a line along a path with round ends and joints."""

    points: Points
    widths: NDArray[np.float64] | None = None


def fill(canvas: Pixels, contours: list[Points], value: int) -> None:
    """Fill a shape on a canvas SUPERSAMPLING times too large; a contour inside another one is a hole."""
    scale = SUPERSAMPLING << FRACTION_BITS
    fixed = [np.rint(contour * scale).astype(np.int32) for contour in contours]
    cv2.fillPoly(canvas, fixed, value, shift=FRACTION_BITS)


def shrink_canvas(canvas: Pixels) -> Pixels:
    """Area mean of SUPERSAMPLING x SUPERSAMPLING pixels, by halves: five times as fast as at once."""
    for _ in range(SUPERSAMPLING.bit_length() - 1):
        size = (canvas.shape[1] // 2, canvas.shape[0] // 2)
        canvas = cv2.resize(canvas, size, interpolation=cv2.INTER_AREA)
    return canvas


def coverage(shapes: list[list[Points]], size: int) -> Plane:
    """How much of each pixel (size, size) the union of the shapes covers, 0 to 1."""
    canvas = np.zeros((size * SUPERSAMPLING,) * 2, np.uint8)
    for contours in shapes:
        fill(canvas, contours, 255)
    return shrink_canvas(canvas).astype(np.float32) / 255


def blend(tile: Pixels, colour: float | NDArray[np.generic], cover: Plane) -> Pixels:
    """Paint a colour on a tile (h, w) or (h, w, 3) where cover says: one value, one a channel or a tile's."""
    if tile.ndim == 3:
        cover = cover[:, :, None]
    # In place: allocating floats for a whole tile takes longer than computing them.
    mixed = np.asarray(colour, np.float32) - tile
    mixed *= cover
    mixed += tile
    return np.rint(mixed, out=mixed).astype(np.uint8)


def paint_marks(
    tile: Pixels, marks: list[Mark], colour: NDArray[np.floating], opacity: float, softness: float = 0.0
) -> None:
    """Paint the union of marks on a square tile in place, on a canvas no larger than they are.

    softness: sigma in pixels of a Gaussian that softens the edges.
    """
    points = np.concatenate([mark.points for mark in marks])
    # Half a line, a pixel for rounding, and the Gaussian as far as it matters.
    margin = max(0 if mark.widths is None else mark.widths.max() for mark in marks) / 2 + 1 + 3 * softness
    left, top = np.clip(np.floor(points.min(axis=0) - margin), 0, tile.shape[0]).astype(int)
    right, bottom = np.clip(np.ceil(points.max(axis=0) + margin), 0, tile.shape[0]).astype(int)
    if right <= left or bottom <= top:
        return
    canvas = np.zeros(((bottom - top) * SUPERSAMPLING, (right - left) * SUPERSAMPLING), np.uint8)
    for mark in marks:
        points = mark.points - (left, top)
        if mark.widths is None:
            fill(canvas, [points], 255)
        else:
            draw_line(canvas, points, mark.widths)
    cover = shrink_canvas(canvas).astype(np.float32) * np.float32(opacity / 255)
    if softness > 0:
        cover = cv2.GaussianBlur(cover, (0, 0), softness)
    tile[top:bottom, left:right] = blend(tile[top:bottom, left:right], colour, cover)


def draw_line(canvas: Pixels, path: Points, widths: NDArray[np.float64]) -> None:
    """A line of value 255 with round ends on a canvas SUPERSAMPLING times too large; it may cross itself."""
    fixed = np.rint(path * (SUPERSAMPLING << FRACTION_BITS)).astype(np.int32)
    thick = np.maximum(np.rint(widths * SUPERSAMPLING), 1).astype(int)
    if (thick == thick[0]).all():
        cv2.polylines(canvas, [fixed], False, 255, int(thick[0]), shift=FRACTION_BITS)
        return
    for start, end, thickness in zip(
        fixed[:-1].tolist(), fixed[1:].tolist(), thick[1:].tolist(), strict=True
    ):
        cv2.line(canvas, start, end, 255, thickness, shift=FRACTION_BITS)


def any_colour(tile: Pixels, rng: np.random.Generator) -> NDArray[np.float64]:
    """A value for each channel of a tile, 0 to 255: a third greys, the rest any hue, dark and light alike."""
    if tile.ndim == 2:
        return np.full(1, rng.uniform(0, 255))
    if rng.random() < 0.35:
        return np.full(3, rng.uniform(0, 255))
    return np.array(colorsys.hsv_to_rgb(rng.random(), rng.uniform(0.1, 1), rng.uniform(0.2, 1))) * 255


def outline_ring(contour: Points, widths: NDArray[np.float64]) -> list[Points]:
    """A closed line along a contour as two contours, of changing width (n,) in pixels."""
    normal = normals(np.roll(contour, -1, axis=0) - np.roll(contour, 1, axis=0))
    offset = normal * widths[:, None] / 2
    return [contour + offset, contour - offset]


def stroke(path: Points, widths: NDArray[np.float64]) -> list[Points]:
    """An open line along a path, of changing width (n,) in pixels."""
    offset = normals(np.gradient(path, axis=0)) * widths[:, None] / 2
    return [np.concatenate((path + offset, (path - offset)[::-1]))]


def normals(tangents: Points) -> Points:
    """Unit vectors at right angles to the tangents."""
    turned = np.stack((-tangents[:, 1], tangents[:, 0]), axis=1)
    return turned / np.maximum(np.hypot(turned[:, 0], turned[:, 1]), 1e-9)[:, None]


def superellipse(centre: Points, radii: Points, power: float, points: int = 96) -> Points:
    """Contour |x/a|^power + |y/b|^power = 1: an ellipse at 2, a rounded rectangle above."""
    turn = np.linspace(0, 2 * math.pi, points, endpoint=False)
    circle = np.stack((np.cos(turn), np.sin(turn)), axis=1)
    return centre + radii * np.sign(circle) * np.abs(circle) ** (2 / power)


def curve(start: Points, bend: Points, end: Points, points: int = 24) -> Points:
    """Quadratic Bezier curve from start to end, drawn towards bend."""
    t = np.linspace(0, 1, points)[:, None]
    return (1 - t) ** 2 * start + 2 * t * (1 - t) * bend + t**2 * end
