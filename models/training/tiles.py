"""Training tiles: a high-resolution crop of the art, varied, with its degraded half-size partner."""

from __future__ import annotations

import io
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from balloons import add_lettering
from degrade import Degradation, degrade
from gradients import draw_gradients
from grain import add_grain
from panels import add_gutters, add_speed_lines
from recolour import recolour
from scenes import draw_scene, grey_palette, vivid_palette
from strokes import add_strokes
from tones import print_art, print_scene

Pixels = NDArray[np.uint8]

# Low-resolution side of a tile; the high-resolution one is twice that.
TILE = 256
SCALE = 2
# Kernels that art is shrunk with, and how often: pages come sharp from one shop and soft from the next.
KERNELS = (Image.Resampling.LANCZOS, Image.Resampling.BICUBIC, Image.Resampling.HAMMING, Image.Resampling.BOX)
KERNEL_SHARES = (0.4, 0.3, 0.15, 0.15)
# Input levels that a scan's black and white come from or go to, and the exponent between them.
BLACK_POINTS, WHITE_POINTS, GAMMAS = (0, 20), (235, 255), (0.8, 1.25)
# How far soft originals are enlarged, or with which sigma (pixels) they are blurred.
SOFT_FACTORS, SOFT_SIGMAS = (1.1, 1.8), (0.35, 1.0)

# Tiles are made in forked processes, one a core: threads of its own would only be in OpenCV's way, and a
# pool of them does not survive the fork.
cv2.setNumThreads(1)


@dataclass(frozen=True)
class TileMix:
    """Probabilities of what a tile is made of; with all of them 0 it is a crop of the art as it is.

    shrink: the crop shrunk by up to shrink_limit, for finer detail per pixel and without marks of compression.
    scene: a drawn scene of flat colour takes the place of the art. smooth: gradients without edges do.
    tone: printed in greyscale with screentone; line_art: the share of these that are a drawn scene.
    grey: made grey without it. levels: the share of grey tiles whose contrast was stretched or reduced.
    speed_lines, gutters, strokes, lettering: put on top.
    recolour: all of that in other tones, so that ink is not always black.
    soft: all of that enlarged or blurred, so that not every original is as sharp as pixels allow.
    grain: faint texture over it, which a network else takes for marks of compression.
    """

    shrink: float = 0.35
    shrink_limit: float = 1.8
    scene: float = 0.06
    smooth: float = 0.02
    tone: float = 0.16
    line_art: float = 0.2
    grey: float = 0.12
    levels: float = 0.1
    speed_lines: float = 0.02
    gutters: float = 0.03
    strokes: float = 0.12
    lettering: float = 0.12
    recolour: float = 0.3
    soft: float = 0.2
    grain: float = 0.0


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
    """A random square of SCALE*TILE pixels of the picture shrunk by factor; small pictures are mirrored."""
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
    kernel = KERNELS[int(rng.choice(len(KERNELS), p=KERNEL_SHARES))]
    return np.asarray(Image.fromarray(crop).resize((size, size), kernel))


def change_levels(tile: Pixels, rng: np.random.Generator) -> Pixels:
    """Stretch a grey tile's contrast as after scanning, or reduce it to what a scan without that has."""
    black, white = (int(rng.integers(low, high + 1)) for low, high in (BLACK_POINTS, WHITE_POINTS))
    levels = np.arange(256) / 255
    if rng.random() < 0.5:
        changed = np.clip((255 * levels - black) / (white - black), 0, 1) ** rng.uniform(*GAMMAS) * 255
    else:
        changed = black + (white - black) * levels ** rng.uniform(*GAMMAS)
    return cv2.LUT(tile, np.rint(changed).astype(np.uint8))


def soften(tile: Pixels, rng: np.random.Generator) -> Pixels:
    """A tile as of a soft original: part of it enlarged, or all of it blurred."""
    if rng.random() < 0.5:
        return cv2.GaussianBlur(tile, (0, 0), rng.uniform(*SOFT_SIGMAS))
    size = tile.shape[0]
    wanted = round(size / rng.uniform(*SOFT_FACTORS))
    y, x = (int(place) for place in rng.integers(0, size - wanted + 1, 2))
    part = tile[y : y + wanted, x : x + wanted]
    return cv2.resize(part, (size, size), interpolation=cv2.INTER_CUBIC)


def draw_content(art: Art, mix: TileMix, rng: np.random.Generator) -> Pixels:
    """The drawing itself, in colour (h, w, 3) or grey (h, w)."""
    size = SCALE * TILE
    if rng.random() < mix.scene:
        return draw_scene(size, vivid_palette(rng), rng).picture
    if rng.random() < mix.smooth:
        return draw_gradients(size, rng.random() < mix.grey, rng)
    tone = rng.random()
    if tone < mix.tone * mix.line_art:
        return to_bytes(print_scene(draw_scene(size, grey_palette(rng), rng), rng))
    picture = art.pictures[int(rng.choice(len(art.pictures), p=art.weights))]
    factor = rng.uniform(1.0, mix.shrink_limit) if rng.random() < mix.shrink else 1.0
    tile = crop_resized(picture, factor, rng)
    if tile.ndim == 3 and tone < mix.tone + mix.grey:
        tile = cv2.cvtColor(tile, cv2.COLOR_RGB2GRAY)
    if tone < mix.tone:
        return to_bytes(print_art(tile.astype(np.float32) / 255, rng))
    return tile


def to_bytes(plane: NDArray[np.float32]) -> Pixels:
    """0 to 1 as 0 to 255."""
    return np.rint(np.clip(plane, 0, 1) * 255).astype(np.uint8)


def make_tile(
    art: Art, mix: TileMix, degradation: Degradation, rng: np.random.Generator
) -> tuple[Pixels, Pixels]:
    """One pair: high (2*TILE, 2*TILE, 3) and low (TILE, TILE, 3), uint8."""
    tile = draw_content(art, mix, rng)
    if rng.random() < mix.speed_lines:
        tile = add_speed_lines(tile, rng)
    if rng.random() < mix.gutters:
        tile = add_gutters(tile, rng)
    if rng.random() < mix.strokes:
        tile = add_strokes(tile, art.lettering[int(rng.integers(len(art.lettering)))], rng)
    if rng.random() < mix.lettering:
        tile = add_lettering(tile, art.lettering[int(rng.integers(len(art.lettering)))], rng)
    if rng.random() < mix.recolour:
        tile = recolour(tile, rng)
    if rng.random() < mix.soft:
        tile = soften(tile, rng)
    if rng.random() < mix.grain:
        tile = add_grain(tile, rng)
    grey = tile.ndim == 2
    if grey:
        if rng.random() < mix.levels:
            tile = change_levels(tile, rng)
        tile = cv2.cvtColor(tile, cv2.COLOR_GRAY2RGB)
    return tile, degrade(tile, grey, degradation, rng)
