"""Vector drawings: read from unpacked packages, rendered at any size.

A source is a folder of SVG files (openclipart-svg of Debian) or an icon set in Iconify's JSON format
(`icons.json` beside `info.json`, as in the npm packages @iconify-json/NAME).
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import resvg_py
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]

# Larger files are maps and posters with thousands of shapes, which take seconds each.
LARGEST_SVG = 300_000
# A drawing that covers less of its square than this is one that the renderer does not understand.
LEAST_COVER = 0.01
# Rendered so much larger and averaged, so that edges have more levels than the renderer's own.
SUPERSAMPLE = 2


@dataclass(frozen=True)
class DrawingSource:
    """SVG texts of one origin."""

    name: str
    licence: str
    author: str
    drawings: list[str]


def read_icon_set(folder: Path) -> DrawingSource:
    """An icon set in Iconify's format. Raises KeyError or ValueError for another one."""
    facts = json.loads((folder / "info.json").read_text(encoding="utf-8"))
    icons = json.loads((folder / "icons.json").read_text(encoding="utf-8"))
    size = icons.get("width", 16), icons.get("height", 16)

    def svg(icon: dict[str, str | int]) -> str:
        width, height = icon.get("width", size[0]), icon.get("height", size[1])
        box = f"{icon.get('left', 0)} {icon.get('top', 0)} {width} {height}"
        namespaces = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
        return f'<svg {namespaces} viewBox="{box}" width="{width}" height="{height}">{icon["body"]}</svg>'

    drawings = [svg(icon) for _, icon in sorted(icons["icons"].items())]
    return DrawingSource(icons["prefix"], facts["license"]["spdx"], facts["author"]["name"], drawings)


def read_clip_art(folder: Path) -> DrawingSource:
    """Every SVG file below the folder of the Open Clip Art Library that is not larger than LARGEST_SVG, once."""
    texts: dict[str, None] = {}
    for path in sorted(folder.rglob("*.svg")):
        if path.is_file() and path.stat().st_size <= LARGEST_SVG:
            texts[path.read_text(encoding="utf-8", errors="replace")] = None
    if not texts:
        raise ValueError(f"expected SVG files in {folder}, found none")
    return DrawingSource(
        "openclipart", "public domain", "contributors of the Open Clip Art Library", list(texts)
    )


def render(svg: str, side: int, colour: str) -> Pixels | None:
    """RGBA (h, w, 4) with the longer side `side`, not premultiplied; None for what cannot be rendered.

    `colour` is what the drawing's currentColor means.
    """

    def rendered(width: int) -> Image.Image:
        png = resvg_py.svg_to_bytes(
            svg_string=svg, width=width, style_sheet=f"svg {{ color: {colour} }}", skip_system_fonts=True
        )
        return Image.open(io.BytesIO(png)).convert("RGBA")

    try:
        image = rendered(side * SUPERSAMPLE)
        if image.height > image.width:
            image = rendered(max(1, round(side * SUPERSAMPLE * image.width / image.height)))
    except ValueError:
        return None
    # Means are right only for colours that were multiplied by their opacity.
    pixels = np.asarray(image.convert("RGBa").reduce(SUPERSAMPLE).convert("RGBA"))
    return pixels if (pixels[:, :, 3] > 0).mean() >= LEAST_COVER else None
