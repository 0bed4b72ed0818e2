"""Antialiased shapes: polygons filled on a canvas several times too large, then shrunk by area."""

from __future__ import annotations

import math

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


def blend(tile: Pixels, colour: float | NDArray[np.floating], cover: Plane) -> Pixels:
    """Paint a colour (one value, or one per channel) on a tile (h, w) or (h, w, 3) where cover says."""
    if tile.ndim == 3:
        cover = cover[:, :, None]
    # In place: allocating floats for a whole tile takes longer than computing them.
    mixed = np.asarray(colour, np.float32) - tile
    mixed *= cover
    mixed += tile
    return np.rint(mixed, out=mixed).astype(np.uint8)


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
