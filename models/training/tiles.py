"""Training tiles: a high-resolution crop of the art, varied, with its degraded half-size partner."""

from __future__ import annotations

import io
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from degrade import Degradation, degrade
from screentone import add_screentone

Pixels = NDArray[np.uint8]

# Low-resolution side of a tile; the high-resolution one is twice that.
TILE = 256
SCALE = 2


@dataclass(frozen=True)
class TileMix:
    """Probabilities of what happens to a tile.

    shrink: extra area-downscaling of the crop by up to shrink_limit, for finer detail per pixel.
    tone: printed in greyscale with screentone. grey: made grey without it. lettering: text put on top.
    """

    shrink: float = 0.35
    shrink_limit: float = 1.8
    tone: float = 0.16
    grey: float = 0.12
    lettering: float = 0.12


@dataclass(frozen=True)
class Art:
    """Decoded pictures, grey (h, w) or RGB (h, w, 3), the chance of drawing each, and lettering sheets."""

    pictures: list[Pixels]
    weights: NDArray[np.float64]
    lettering: list[Pixels]


def load_art(pack: Path, artist_weights: dict[str, float]) -> Art:
    """Decode a pack's training art.

    A picture is drawn in proportion to its area, times its artist's weight (1 if unnamed).
    """
    index = json.loads((pack / "index.json").read_text(encoding="utf-8"))

    def decode(entry: dict[str, str]) -> Pixels:
        with Image.open(io.BytesIO((pack / entry["file"]).read_bytes())) as image:
            return np.asarray(image.convert("L") if entry["file"].startswith("lettering/") else image)

    training = [entry for entry in index if entry["file"].startswith("training/")]
    lettering = [entry for entry in index if entry["file"].startswith("lettering/")]
    with ThreadPoolExecutor() as threads:
        pictures = list(threads.map(decode, training))
        sheets = list(threads.map(decode, lettering))
    if not pictures or not sheets:
        raise ValueError(
            f"expected training art and lettering in {pack}, received {len(pictures)} and {len(sheets)} files"
        )
    weights = np.array(
        [
            p.shape[0] * p.shape[1] * artist_weights.get(e["artist"], 1.0)
            for p, e in zip(pictures, training, strict=True)
        ]
    )
    return Art(pictures, weights / weights.sum(), sheets)


def crop_resized(picture: Pixels, factor: float, rng: np.random.Generator) -> Pixels:
    """A random square of SCALE*TILE pixels after area-downscaling by factor; small pictures are mirrored."""
    size = SCALE * TILE
    wanted = round(size * factor)
    height, width = picture.shape[:2]
    y = int(rng.integers(0, max(1, height - wanted + 1)))
    x = int(rng.integers(0, max(1, width - wanted + 1)))
    crop = picture[y : y + wanted, x : x + wanted]
    if crop.shape[:2] != (wanted, wanted):
        missing = ((0, wanted - crop.shape[0]), (0, wanted - crop.shape[1]), (0, 0))
        crop = np.pad(crop, missing[: crop.ndim], mode="symmetric")
    if wanted == size:
        return crop
    return np.asarray(Image.fromarray(crop).resize((size, size), Image.Resampling.BOX))


def add_lettering(tile: Pixels, sheet: Pixels, rng: np.random.Generator) -> Pixels:
    """Put a rectangle of lettering on an RGB tile: dark on a white balloon, or light or dark on the art."""
    size = SCALE * TILE
    height, width = (int(v) for v in rng.integers(96, size + 1, 2))
    y, x = int(rng.integers(0, size - height + 1)), int(rng.integers(0, size - width + 1))
    sy, sx = (
        int(rng.integers(0, side - part + 1)) for side, part in zip(sheet.shape, (height, width), strict=True)
    )
    ink = sheet[sy : sy + height, sx : sx + width, None].astype(np.float32) / 255
    region = tile[y : y + height, x : x + width].astype(np.float32)
    style = rng.random()
    if style < 0.6:
        region = np.full_like(region, rng.uniform(235, 255))
    colour = np.float32(rng.uniform(0, 40)) if style < 0.8 else np.float32(rng.uniform(215, 255))
    tile = tile.copy()
    tile[y : y + height, x : x + width] = np.rint(region * (1 - ink) + colour * ink).astype(np.uint8)
    return tile


def make_tile(
    art: Art, mix: TileMix, degradation: Degradation, rng: np.random.Generator
) -> tuple[Pixels, Pixels]:
    """One pair: high (2*TILE, 2*TILE, 3) and low (TILE, TILE, 3), uint8."""
    picture = art.pictures[int(rng.choice(len(art.pictures), p=art.weights))]
    factor = rng.uniform(1.0, mix.shrink_limit) if rng.random() < mix.shrink else 1.0
    tile = crop_resized(picture, factor, rng)
    change = rng.random()
    if tile.ndim == 3 and change < mix.tone + mix.grey:
        tile = np.asarray(Image.fromarray(tile).convert("L"))
    grey = tile.ndim == 2
    if change < mix.tone:
        tile = np.rint(add_screentone(tile.astype(np.float32) / 255, rng) * 255).astype(np.uint8)
    if grey:
        tile = np.repeat(tile[:, :, None], 3, axis=2)
    if rng.random() < mix.lettering:
        tile = add_lettering(tile, art.lettering[int(rng.integers(len(art.lettering)))], rng)
    return tile, degrade(tile, grey, degradation, rng)
