"""Sheets of small lettering, rendered once when packing, so that the training host needs no fonts.

A sheet is a greyscale image, 255 where ink goes. Sizes run from barely legible to sound-effect size.
"""

from __future__ import annotations

import random
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

WORDS = (
    "and the you what not here with have this that from they will know never always where right night "
    "light house wait stop look listen quick careful master captain doctor dragon forest river castle "
    "village morning yesterday tomorrow please sorry thanks promise secret letter window bridge market "
    "crystal potion journey friend enemy silence thunder whisper shadow golden bitter hungry WHAM crash "
    "KRAK hmm ... ?! 12 305 7:45 #2 No. (ha) quiet oxygen jigsaw zephyr valley wizard vex glyph sphinx"
).split()


def render_sheet(fonts: list[Path], size: int, rng: random.Random) -> Image.Image:
    """One size x size sheet ("L"), ragged lines of text in changing fonts and sizes (8 to 44 px)."""
    sheet = Image.new("L", (size, size), 0)
    draw = ImageDraw.Draw(sheet)
    y = rng.randint(0, 8)
    while y < size - 10:
        height = round(8 * 5.5 ** (rng.random() ** 1.6))
        font = ImageFont.truetype(str(rng.choice(fonts)), height)
        words = [rng.choice(WORDS) for _ in range(4 * size // (3 * height) + 2)]
        line = " ".join(words)
        draw.text(
            (rng.randint(-20, 20), y), line.upper() if rng.random() < 0.6 else line, fill=255, font=font
        )
        y += round(height * rng.uniform(1.15, 1.6))
    return sheet


def find_fonts(folder: Path) -> list[Path]:
    """All TrueType fonts below folder, sorted. Raises FileNotFoundError if there is none."""
    fonts = sorted(folder.rglob("*.ttf"))
    if not fonts:
        raise FileNotFoundError(f"expected TrueType fonts (*.ttf) below {folder}, found none")
    return fonts
