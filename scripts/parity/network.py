"""Computes a network layer by layer, each operator in its plainest form. Slow, whole images only."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from ncnn_files import Layer, NetworkError, WeightFile, read_graph
from sliding import activate, convolve, deconvolve, read_weights, resize, sigmoid

Operator = Callable[[list[np.ndarray]], np.ndarray]

TWO_INPUTS = -233
"""Scale: the factors come as a second input. Crop: up to the end."""

BINARY_OPERATIONS: dict[int, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    0: np.add,
    1: np.subtract,
    2: np.multiply,
    3: np.divide,
    4: np.maximum,
    5: np.minimum,
}


def _per_channel(values: np.ndarray) -> np.ndarray:
    """A vector stands for one value a channel."""
    return values[:, None, None] if values.ndim == 1 else values


def _binary(layer: Layer) -> Operator:
    operation = BINARY_OPERATIONS.get(layer.integer(0, 0))
    if operation is None:
        raise NetworkError(f"expected operation 0 to 5 in {layer.name}, received {layer.params}")
    if layer.integer(1, 0):
        scalar = np.float32(layer.number(2, 0.0))
        return lambda inputs: operation(inputs[0], scalar)
    return lambda inputs: operation(_per_channel(inputs[0]), _per_channel(inputs[1]))


def _eltwise(layer: Layer) -> Operator:
    kind = layer.integer(0, 0)
    if layer.array(1) or kind not in (0, 1, 2):
        raise NetworkError(f"expected a product, sum or maximum without factors in {layer.name}")
    operation = (np.multiply, np.add, np.maximum)[kind]
    return lambda inputs: operation(inputs[0], inputs[1])


def _global_pooling(layer: Layer) -> Operator:
    if not layer.integer(4, 0):
        raise NetworkError(f"expected {layer.name} to pool the whole image, received {layer.params}")
    if layer.integer(0, 0) == 0:
        return lambda inputs: inputs[0].max(axis=(1, 2))
    # Summed in double: the mean of a large plane in float32 would depend on the order of the additions.
    return lambda inputs: inputs[0].mean(axis=(1, 2), dtype=np.float64).astype(np.float32)


def _crop(layer: Layer) -> Operator:
    starts, ends, axes = layer.array(9), layer.array(10), layer.array(11)
    if starts:
        cuts = dict(zip((int(axis) % 3 for axis in axes), zip(starts, ends)))

        def cut(inputs: list[np.ndarray]) -> np.ndarray:
            slices = []
            for axis, length in enumerate(inputs[0].shape):
                start, end = (int(value) for value in cuts.get(axis, (0, TWO_INPUTS)))
                slices.append(slice(start, length if end == TWO_INPUTS else end))
            return inputs[0][tuple(slices)]

        return cut
    left, top = layer.integer(0, 0), layer.integer(1, 0)

    def cut_to_second(inputs: list[np.ndarray]) -> np.ndarray:
        if len(inputs) != 2:
            raise NetworkError(f"expected a second input of {layer.name}, which gives the size")
        _, height, width = inputs[1].shape
        return inputs[0][:, top : top + height, left : left + width]

    return cut_to_second


def _pixel_shuffle(layer: Layer) -> Operator:
    factor = layer.integer(0, 1)
    if layer.integer(1, 0):
        raise NetworkError(f"expected PyTorch's order of channels in {layer.name}")

    def shuffle(inputs: list[np.ndarray]) -> np.ndarray:
        channels, height, width = inputs[0].shape
        blocks = inputs[0].reshape(channels // factor**2, factor, factor, height, width)
        return blocks.transpose(0, 3, 1, 4, 2).reshape(-1, height * factor, width * factor)

    return shuffle


def _inner_product(layer: Layer, weights: WeightFile) -> Operator:
    outputs = layer.integer(0, 0)
    matrix = weights.tagged(layer.integer(2, 0)).reshape(outputs, -1)
    bias = weights.plain(outputs) if layer.integer(1, 0) else np.zeros(outputs, np.float32)
    return lambda inputs: activate(layer, matrix @ inputs[0].reshape(-1) + bias)


def _scale(layer: Layer) -> Operator:
    if layer.integer(0, 0) != TWO_INPUTS:
        raise NetworkError(f"expected the factors of {layer.name} as its second input")
    return lambda inputs: inputs[0] * _per_channel(inputs[1])


def _prelu(layer: Layer, weights: WeightFile) -> Operator:
    slopes = weights.plain(layer.integer(0, 0))[:, None, None]
    return lambda inputs: np.where(inputs[0] < 0, inputs[0] * slopes, inputs[0])


def _constant(layer: Layer, weights: WeightFile) -> Operator:
    width, height, channels = (layer.integer(key, 0) for key in (0, 1, 2))
    values = weights.plain(width * height * channels).reshape(channels, height, width)
    return lambda inputs: values


def _sliding(compute) -> Callable[[Layer, WeightFile], Operator]:
    def build(layer: Layer, weights: WeightFile) -> Operator:
        kernel, bias = read_weights(layer, weights)
        return lambda inputs: compute(layer, inputs[0], kernel, bias)

    return build


BUILDERS: dict[str, Callable[[Layer, WeightFile], Operator]] = {
    "Convolution": _sliding(convolve),
    "Deconvolution": _sliding(deconvolve),
    "InnerProduct": _inner_product,
    "PReLU": _prelu,
    "MemoryData": _constant,
    "BinaryOp": lambda layer, _: _binary(layer),
    "Eltwise": lambda layer, _: _eltwise(layer),
    "Pooling": lambda layer, _: _global_pooling(layer),
    "Crop": lambda layer, _: _crop(layer),
    "PixelShuffle": lambda layer, _: _pixel_shuffle(layer),
    "Scale": lambda layer, _: _scale(layer),
    "Interp": lambda layer, _: lambda inputs: resize(layer, inputs[0]),
    "Concat": lambda layer, _: lambda inputs: np.concatenate(inputs),
    "ReLU": lambda layer, _: lambda inputs: np.where(
        inputs[0] < 0, inputs[0] * np.float32(layer.number(0, 0.0)), inputs[0]
    ),
    "Sigmoid": lambda layer, _: lambda inputs: sigmoid(inputs[0]),
    "Swish": lambda layer, _: lambda inputs: inputs[0] * sigmoid(inputs[0]),
    "Split": lambda layer, _: lambda inputs: inputs[0],
}


class Network:
    """A network with its weights; one image in, one image out."""

    def __init__(self, param_path: Path, bin_path: Path) -> None:
        """:raises NetworkError: damaged files, or a layer that is not written out here"""
        weights = WeightFile(bin_path)
        self._layers: list[tuple[Layer, Operator]] = []
        for layer in read_graph(param_path):
            if layer.kind == "Input":
                self._input = layer.outputs[0]
                continue
            builder = BUILDERS.get(layer.kind)
            if builder is None:
                raise NetworkError(f"expected a layer out of {', '.join(BUILDERS)}, received {layer.kind}")
            self._layers.append((layer, builder(layer, weights)))
        weights.expect_end()

    def run(self, planes: np.ndarray) -> np.ndarray:
        """
        :param planes: float32, (3, height, width), 0 to 1
        :returns: float32, (3, height, width) of the output, not clamped
        """
        blobs = {self._input: planes}
        for layer, compute in self._layers:
            # Every blob has one consumer, so it is taken out: large images would not fit otherwise.
            result = compute([blobs.pop(name) for name in layer.inputs])
            for name in layer.outputs:
                blobs[name] = result
        (output,) = blobs.values()
        return output
