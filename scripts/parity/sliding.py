"""Convolution, its transpose and resizing, written out over planes: float32 arrays of shape (channels, height, width)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ncnn_files import Layer, NetworkError, WeightFile

CUBIC_A = -0.75
"""The free parameter of the cubic convolution kernel (Keys 1981) as ncnn chooses it."""


def activate(layer: Layer, values: np.ndarray) -> np.ndarray:
    """The activation that is fused into a layer: parameter 9 says which, array 10 its numbers."""
    kind = layer.integer(9, 0)
    numbers = layer.array(10)
    if kind == 0:
        return values
    if kind == 1:
        return np.maximum(values, 0)
    if kind == 2:
        return np.where(values < 0, values * np.float32(numbers[0]), values)
    if kind == 3:
        return np.clip(values, numbers[0], numbers[1])
    if kind == 4:
        return sigmoid(values)
    raise NetworkError(f"expected activation 0 to 4 in {layer.name}, received {kind}")


def sigmoid(values: np.ndarray) -> np.ndarray:
    # The same function as 1 / (1 + exp(-x)), which overflows for large negative x.
    return np.tanh(values * np.float32(0.5)) * np.float32(0.5) + np.float32(0.5)


@dataclass(frozen=True)
class Window:
    """A sliding window's numbers; pairs are (y, x), pads are (before, after)."""

    outputs: int
    kernel: tuple[int, int]
    dilation: tuple[int, int]
    stride: tuple[int, int]
    pad_y: tuple[int, int]
    pad_x: tuple[int, int]

    @staticmethod
    def of(layer: Layer) -> "Window":
        def pair(x_key: int, y_key: int, default: int) -> tuple[int, int]:
            x = layer.integer(x_key, default)
            return layer.integer(y_key, x), x

        left = layer.integer(4, 0)
        top = layer.integer(14, left)
        window = Window(
            outputs=layer.integer(0, 0),
            kernel=pair(1, 11, 0),
            dilation=pair(2, 12, 1),
            stride=pair(3, 13, 1),
            pad_y=(top, layer.integer(16, top)),
            pad_x=(left, layer.integer(15, left)),
        )
        if min(*window.pad_x, *window.pad_y) < 0:
            raise NetworkError(f"expected padding in pixels in {layer.name}, received {window}")
        return window

    @property
    def extent(self) -> tuple[int, int]:
        return tuple((k - 1) * d + 1 for k, d in zip(self.kernel, self.dilation))

    def taps(self) -> list[tuple[int, int, int, int]]:
        """(row of the kernel, column of the kernel, offset in y, offset in x)"""
        (rows, columns), (dy, dx) = self.kernel, self.dilation
        return [(ky, kx, ky * dy, kx * dx) for ky in range(rows) for kx in range(columns)]


def read_weights(layer: Layer, weights: WeightFile) -> tuple[np.ndarray, np.ndarray]:
    """
    :returns: (outputs, inputs, height, width) and one bias an output, for convolutions and their transpose alike
    """
    window = Window.of(layer)
    values = weights.tagged(layer.integer(6, 0))
    kernel = values.reshape(window.outputs, -1, *window.kernel)
    bias = weights.plain(window.outputs) if layer.integer(5, 0) else np.zeros(window.outputs, np.float32)
    return kernel, bias


def convolve(layer: Layer, planes: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    window = Window.of(layer)
    padded = np.pad(planes, ((0, 0), window.pad_y, window.pad_x))
    (sy, sx), (ey, ex) = window.stride, window.extent
    height = (padded.shape[1] - ey) // sy + 1
    width = (padded.shape[2] - ex) // sx + 1
    total = np.repeat(bias, height * width).reshape(window.outputs, -1)
    for ky, kx, y, x in window.taps():
        seen = padded[:, y : y + (height - 1) * sy + 1 : sy, x : x + (width - 1) * sx + 1 : sx]
        total += kernel[:, :, ky, kx] @ seen.reshape(len(seen), -1)
    return activate(layer, total.reshape(window.outputs, height, width))


def deconvolve(layer: Layer, planes: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Every input adds its multiple of the kernel to the output; the padding is cut off the result."""
    window = Window.of(layer)
    if any(layer.integer(key, 0) for key in (18, 19, 20, 21)):
        raise NetworkError(f"expected {layer.name} without output padding and without a fixed size")
    inputs, height, width = planes.shape
    (sy, sx), (ey, ex) = window.stride, window.extent
    total = np.zeros((window.outputs, (height - 1) * sy + ey, (width - 1) * sx + ex), np.float32)
    total += bias[:, None, None]
    flat = planes.reshape(inputs, -1)
    for ky, kx, y, x in window.taps():
        part = (kernel[:, :, ky, kx] @ flat).reshape(window.outputs, height, width)
        total[:, y : y + (height - 1) * sy + 1 : sy, x : x + (width - 1) * sx + 1 : sx] += part
    (top, bottom), (left, right) = window.pad_y, window.pad_x
    return activate(layer, total[:, top : total.shape[1] - bottom, left : total.shape[2] - right])


def _nearest_taps(position: float, scale: float) -> list[tuple[int, float]]:
    return [(math.floor(position / scale), 1.0)]


def _linear_taps(position: float, scale: float) -> list[tuple[int, float]]:
    centre = (position + 0.5) / scale - 0.5
    below = math.floor(centre)
    return [(below, 1 - (centre - below)), (below + 1, centre - below)]


def _cubic_taps(position: float, scale: float) -> list[tuple[int, float]]:
    centre = (position + 0.5) / scale - 0.5
    below = math.floor(centre)

    def weight(distance: float) -> float:
        d = abs(distance)
        if d <= 1:
            return (CUBIC_A + 2) * d**3 - (CUBIC_A + 3) * d**2 + 1
        return CUBIC_A * (d**3 - 5 * d**2 + 8 * d - 4)

    return [(below + step, weight(centre - below - step)) for step in (-1, 0, 1, 2)]


RESIZINGS = {1: _nearest_taps, 2: _linear_taps, 3: _cubic_taps}


def _resize_rows(planes: np.ndarray, scale: float, taps_of) -> np.ndarray:
    length = planes.shape[1]
    taps = [taps_of(position, scale) for position in range(int(length * scale))]
    total = np.zeros((planes.shape[0], len(taps), planes.shape[2]), np.float32)
    for tap in range(len(taps[0])):
        indices = np.clip([each[tap][0] for each in taps], 0, length - 1)
        factors = np.array([each[tap][1] for each in taps], np.float32)
        total += planes[:, indices] * factors[:, None]
    return total


def resize(layer: Layer, planes: np.ndarray) -> np.ndarray:
    """Interp by a factor: nearest, bilinear or bicubic, pixel centres at .5, borders repeated."""
    taps_of = RESIZINGS.get(layer.integer(0, 0))
    if taps_of is None or layer.integer(3, 0) or layer.integer(4, 0) or layer.integer(6, 0):
        raise NetworkError(f"expected {layer.name} to resize by a factor, received {layer.params}")
    rows = _resize_rows(planes, layer.number(1, 1.0), taps_of)
    return _resize_rows(rows.transpose(0, 2, 1), layer.number(2, 1.0), taps_of).transpose(0, 2, 1)
