"""Reads a network in ncnn's text and binary formats: the graph from a .param file, the numbers from a .bin file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Union

import numpy as np

Value = Union[int, float, list[float]]

MAGIC = "7767517"
FIRST_ARRAY_KEY = -23300
"""Key k of an array is spelled -23300 - k."""

FP32_TAG = 0
FP16_TAG = 0x01306B47


class NetworkError(ValueError):
    """A network that is damaged, or that needs something which is not written out here."""


@dataclass(frozen=True)
class Layer:
    """One line of a .param file; `params` by numeric key."""

    kind: str
    name: str
    inputs: list[str]
    outputs: list[str]
    params: dict[int, Value]

    def integer(self, key: int, default: int) -> int:
        value = self.params.get(key, default)
        if not isinstance(value, int):
            raise NetworkError(f"expected an integer for parameter {key} of {self.name}, received {value!r}")
        return value

    def number(self, key: int, default: float) -> float:
        value = self.params.get(key, default)
        if isinstance(value, list):
            raise NetworkError(f"expected a number for parameter {key} of {self.name}, received {value!r}")
        return float(value)

    def array(self, key: int) -> list[float]:
        """Empty when the parameter is absent."""
        value = self.params.get(key, [])
        if not isinstance(value, list):
            raise NetworkError(f"expected an array for parameter {key} of {self.name}, received {value!r}")
        return value


def _parse_scalar(text: str) -> Union[int, float]:
    return float(text) if any(mark in text for mark in ".eE") else int(text)


def _parse_param(text: str) -> tuple[int, Value]:
    key_text, _, value_text = text.partition("=")
    key = int(key_text)
    if key > FIRST_ARRAY_KEY:
        return key, _parse_scalar(value_text)
    count, *values = value_text.split(",")
    if int(count) != len(values):
        raise NetworkError(f"expected {count} values in {text!r}, received {len(values)}")
    return FIRST_ARRAY_KEY - key, [float(value) for value in values]


def _parse_layer(line: str) -> Layer:
    kind, name, input_count, output_count, *rest = line.split()
    first_output = int(input_count)
    first_param = first_output + int(output_count)
    return Layer(
        kind,
        name,
        rest[:first_output],
        rest[first_output:first_param],
        dict(_parse_param(text) for text in rest[first_param:]),
    )


def read_graph(path: Path) -> list[Layer]:
    """
    :returns: the layers in the order in which they are computed and in which their weights are stored
    :raises NetworkError: not a text graph, or not as many layers as its second line says
    """
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    if lines[0].strip() != MAGIC:
        raise NetworkError(f"expected {path} to begin with {MAGIC}, received {lines[0]!r}")
    try:
        layers = [_parse_layer(line) for line in lines[2:]]
    except ValueError as error:
        raise NetworkError(f"expected layer lines in {path}: {error}") from error
    if len(layers) != int(lines[1].split()[0]):
        raise NetworkError(f"expected {lines[1].split()[0]} layers in {path}, received {len(layers)}")
    return layers


class WeightFile:
    """The numbers of a .bin file, taken front to back. Everything is handed out as float32."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._data = path.read_bytes()
        self._offset = 0

    def _take(self, count: int, dtype: str) -> np.ndarray:
        end = self._offset + count * np.dtype(dtype).itemsize
        if end > len(self._data):
            raise NetworkError(f"expected at least {end} bytes in {self._path}, received {len(self._data)}")
        values = np.frombuffer(self._data, dtype, count, self._offset)
        self._offset = end
        return values

    def plain(self, count: int) -> np.ndarray:
        """Numbers without a tag: biases, slopes, constants."""
        return self._take(count, "<f4").astype(np.float32)

    def tagged(self, count: int) -> np.ndarray:
        """Numbers behind a tag that says how they are stored, padded to four bytes.

        :raises NetworkError: int8 or table-quantised weights
        """
        tag = int(self._take(1, "<u4")[0])
        if tag == FP32_TAG:
            return self.plain(count)
        if tag != FP16_TAG:
            raise NetworkError(f"expected fp32 or fp16 weights in {self._path}, received tag {tag:#010x}")
        values = self._take(count, "<f2").astype(np.float32)
        self._offset += self._offset % 4
        return values

    def expect_end(self) -> None:
        """:raises NetworkError: numbers are left over, so the graph is not the one these weights belong to"""
        if self._offset != len(self._data):
            raise NetworkError(
                f"expected {self._path} to end after {self._offset} bytes, received {len(self._data)}"
            )
