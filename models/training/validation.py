"""Validation pairs: plain art of held-out artists, the same art with screentone, and drawn scenes.

What load_references gives has stayed the same since the first run, so that tables can be compared; so has
screentone.py for its sake, while training tiles are printed by tones.py.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from degrade import JPEG_420, area_half, jpeg
from panels import add_gutters, add_speed_lines
from scenes import draw_scene, grey_palette, vivid_palette
from screentone import add_screentone
from tones import print_scene

Pixels = NDArray[np.uint8]

CROP = 512
TONE_SEED = 7
# Workers draw from [a run's seed, worker]: no run may have this seed.
DRAWN_SEED, DRAWN_COUNT = 20261034, 12
QUALITIES: tuple[int | None, ...] = (None, 95, 85, 75)


@dataclass(frozen=True)
class Reference:
    """A high-resolution crop (h, w, 3), h and w even; `group` is 'art', 'screentone' or 'drawn'."""

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


def drawn_references() -> list[Reference]:
    """In turn: colour, line art over tone, colour below speed lines, line art in panels."""
    references: list[Reference] = []
    for number in range(DRAWN_COUNT):
        rng = np.random.default_rng([DRAWN_SEED, number])
        grey = number % 2 == 1
        if grey:
            printed = print_scene(draw_scene(CROP, grey_palette(rng), rng), rng)
            pixels = np.repeat(np.rint(printed * 255).astype(np.uint8)[:, :, None], 3, axis=2)
        else:
            pixels = draw_scene(CROP, vivid_palette(rng), rng).picture
        if number % 4 >= 2:
            pixels = add_gutters(pixels, rng) if grey else add_speed_lines(pixels, rng)
        references.append(Reference(f"drawn-{number:02}", "drawn", grey, pixels))
    return references


def low_resolution(reference: Reference, quality: int | None) -> Pixels:
    """Area mean of 2x2, then JPEG 4:2:0 at the quality (None: no JPEG)."""
    low = area_half(reference.pixels)
    return low if quality is None else jpeg(low, quality, JPEG_420, reference.grey)
