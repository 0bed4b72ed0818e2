"""What programs do around a network: edges, padding, alignment, rounding.

bd2x and bd2x-fast are this project's own networks, framed by the least that they see everything of.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from network import Network


@dataclass(frozen=True)
class Frame:
    """How one program feeds a whole image to a network; pixels are input pixels."""

    prepadding: int
    """Pixels that are added on each side."""
    border: str
    """How they are made up, as numpy.pad names it: "reflect" (mirrored, the edge not repeated) or "edge"."""
    alignment: int
    """The image is lengthened at the right and at the bottom to a multiple of this, beside the prepadding."""
    consumed: bool
    """The network's output lacks the prepadding; otherwise it is cut off afterwards."""
    adds_nearest: bool = False
    """The network gives only what is to be added to the enlarged input."""


FRAMES = {
    "realcugan-2x": Frame(18, "reflect", 2, consumed=True),
    "realcugan-3x": Frame(14, "reflect", 4, consumed=True),
    "realcugan-4x": Frame(19, "reflect", 2, consumed=True, adds_nearest=True),
    "waifu2x-cunet": Frame(18, "edge", 2, consumed=True),
    "waifu2x-upconv7": Frame(7, "edge", 2, consumed=True),
    "realesrgan": Frame(10, "reflect", 1, consumed=False),
    "bd2x-fast": Frame(24, "reflect", 2, consumed=False),
    "bd2x": Frame(28, "reflect", 2, consumed=False),
}


def frame_of(name: str, prepadding: int | None) -> Frame:
    """
    :param prepadding: another number of pixels than the program's; only for networks that do not consume it
    :raises ValueError: a network that consumes a given number of pixels cannot be given another one
    """
    frame = FRAMES[name]
    if prepadding is None:
        return frame
    if frame.consumed:
        raise ValueError(f"expected no other prepadding for {name}: its networks consume {frame.prepadding}")
    return replace(frame, prepadding=prepadding)


def _lengthening(length: int, alignment: int) -> int:
    return -length % alignment


def upscale(network: Network, frame: Frame, image: np.ndarray) -> np.ndarray:
    """
    :param image: uint8, (height, width, 3), RGB
    :returns: float32, (height * scale, width * scale, 3), 0 to 255 and beyond, neither rounded nor clamped
    """
    height, width, _ = image.shape
    pads = [
        (frame.prepadding, frame.prepadding + _lengthening(length, frame.alignment)) for length in (height, width)
    ]
    planes = image.transpose(2, 0, 1).astype(np.float32) * np.float32(1 / 255)
    padded = np.pad(planes, ((0, 0), *pads), frame.border)
    output = network.run(padded)
    covered = padded.shape[1] - (2 * frame.prepadding if frame.consumed else 0)
    scale = output.shape[1] // covered
    if not frame.consumed:
        cut = frame.prepadding * scale
        output = output[:, cut:, cut:]
    output = output[:, : height * scale, : width * scale]
    if frame.adds_nearest:
        output = output + planes.repeat(scale, axis=1).repeat(scale, axis=2)
    return output.transpose(1, 2, 0) * np.float32(255)


def to_bytes(values: np.ndarray) -> np.ndarray:
    """The programs add a half, clamp and cut the fraction off."""
    return np.clip(np.floor(values + np.float32(0.5)), 0, 255).astype(np.uint8)
