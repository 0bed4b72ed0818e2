"""Read the weights of an exported network back, so that training can start from a shipped model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from export_ncnn import FP32_TAG, unshuffled_kernel
from network import NetworkShape

# What stands before weights that ncnn stores as fp16; they are filled up to whole words.
FP16_TAG = bytes.fromhex("476b3001")
WORD = 4


def read_merged(path: Path, shape: NetworkShape) -> list[tuple[Tensor, Tensor]]:
    """(weight, bias) of each convolution in NAME.bin, fp32 or fp16. Raises ValueError if the file does not fit."""
    content = path.read_bytes()
    position = 0

    def take(count: int) -> bytes:
        nonlocal position
        part = content[position : position + count]
        if len(part) != count:
            raise ValueError(f"expected {count} bytes at {position} of {path.name}, received {len(part)}")
        position += count
        return part

    def take_weights(count: int) -> Tensor:
        tag = take(len(FP32_TAG))
        if tag == FP32_TAG:
            return torch.from_numpy(np.frombuffer(take(4 * count), "<f4").copy())
        if tag != FP16_TAG:
            expected = f"{FP32_TAG.hex()} (fp32) or {FP16_TAG.hex()} (fp16)"
            raise ValueError(f"expected the tag {expected} in {path.name}, received {tag.hex()}")
        stored = np.frombuffer(take(2 * count), "<f2").astype(np.float32)
        take(-2 * count % WORD)
        return torch.from_numpy(stored)

    layers: list[tuple[Tensor, Tensor]] = []
    for index, (inputs, outputs) in enumerate(shape.layer_sizes()):
        weight = take_weights(outputs * inputs * 9)
        bias = torch.from_numpy(np.frombuffer(take(4 * outputs), "<f4").copy())
        if index == 0:
            side = 3 * shape.unshuffle
            weight = unshuffled_kernel(weight.reshape(outputs, 3, side, side), shape.unshuffle)
        layers.append((weight.reshape(outputs, inputs, 3, 3), bias))
    if position != len(content):
        raise ValueError(f"expected {position} bytes in {path.name}, received {len(content)}")
    return layers
