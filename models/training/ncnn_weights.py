"""Read the weights of an exported network back, so that training can start from a shipped model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from export_ncnn import FP32_TAG, unshuffled_kernel
from network import NetworkShape


def read_merged(path: Path, shape: NetworkShape) -> list[tuple[Tensor, Tensor]]:
    """(weight, bias) of each convolution in NAME.bin. Raises ValueError if the file does not fit."""
    content = path.read_bytes()
    position = 0

    def take(count: int) -> bytes:
        nonlocal position
        part = content[position : position + count]
        if len(part) != count:
            raise ValueError(f"expected {count} bytes at {position} of {path.name}, received {len(part)}")
        position += count
        return part

    layers: list[tuple[Tensor, Tensor]] = []
    for index, (inputs, outputs) in enumerate(shape.layer_sizes()):
        if (tag := take(len(FP32_TAG))) != FP32_TAG:
            raise ValueError(
                f"expected fp32 weights (tag {FP32_TAG.hex()}) in {path.name}, received {tag.hex()}"
            )
        weight = torch.from_numpy(np.frombuffer(take(4 * outputs * inputs * 9), "<f4").copy())
        bias = torch.from_numpy(np.frombuffer(take(4 * outputs), "<f4").copy())
        if index == 0:
            side = 3 * shape.unshuffle
            weight = unshuffled_kernel(weight.reshape(outputs, 3, side, side), shape.unshuffle)
        layers.append((weight.reshape(outputs, inputs, 3, 3), bias))
    if position != len(content):
        raise ValueError(f"expected {position} bytes in {path.name}, received {len(content)}")
    return layers
