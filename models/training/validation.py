"""Validation pairs from held-out artists: plain art, and the same art printed with screentone."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from degrade import JPEG_420, area_half, jpeg
from screentone import add_screentone

Pixels = NDArray[np.uint8]

CROP = 512
TONE_SEED = 7
QUALITIES: tuple[int | None, ...] = (None, 95, 85, 75)


@dataclass(frozen=True)
class Reference:
    """A high-resolution crop (h, w, 3), h and w even; `group` is 'art' or 'screentone'."""

    name: str
    group: str
    grey: bool
    pixels: Pixels


def centre_crop(image: Image.Image) -> Image.Image:
    """The middle CROP x CROP pixels, or all of a smaller image; sides made even."""
    width, height = (min(side, CROP) // 2 * 2 for side in image.size)
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return image.crop((left, top, left + width, top + height))


def load_references(pack: Path) -> list[Reference]:
    """Every validation image of the pack, then every second square one again with screentone (fixed seed)."""
    index = json.loads((pack / "index.json").read_text(encoding="utf-8"))
    references: list[Reference] = []
    for entry in index:
        if not entry["file"].startswith("validation/"):
            continue
        with Image.open(io.BytesIO((pack / entry["file"]).read_bytes())) as image:
            grey = image.mode == "L"
            pixels = np.asarray(centre_crop(image).convert("RGB"))
        references.append(Reference(Path(entry["file"]).stem, "art", grey, pixels))
    if not references:
        raise ValueError(f"expected validation images in {pack}, found none")
    rng = np.random.default_rng(TONE_SEED)
    squares = [reference for reference in references if reference.pixels.shape[:2] == (CROP, CROP)]
    return references + [printed_with_tone(reference, rng) for reference in squares[::2]]


def printed_with_tone(reference: Reference, rng: np.random.Generator) -> Reference:
    """The reference in greyscale with screentone."""
    grey = np.asarray(Image.fromarray(reference.pixels).convert("L")).astype(np.float32) / 255
    printed = np.rint(add_screentone(grey, rng) * 255).astype(np.uint8)
    return Reference(f"{reference.name}-tone", "screentone", True, np.repeat(printed[:, :, None], 3, axis=2))


def low_resolution(reference: Reference, quality: int | None) -> Pixels:
    """Area mean of 2x2, then JPEG 4:2:0 at the quality (None: no JPEG)."""
    low = area_half(reference.pixels)
    return low if quality is None else jpeg(low, quality, JPEG_420, reference.grey)
