"""Draws a PNG of screentone over gradients, with ink lines and grain: what shows seams first.

    python screentone.py 400 300 screentone.png
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image

PERIOD = 5.3
"""Between two dots, in pixels; no whole number, so that no two dots fall on the grid alike."""
ANGLE = 0.6
SEED = 1


def draw(width: int, height: int) -> np.ndarray:
    """
    :returns: uint8, (height, width, 3): dots that grow downwards on paper that brightens to the right
    """
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    across = np.cos(ANGLE) * x + np.sin(ANGLE) * y
    along = np.cos(ANGLE) * y - np.sin(ANGLE) * x
    dots = np.cos(across * 2 * np.pi / PERIOD) + np.cos(along * 2 * np.pi / PERIOD)
    paper = 160 + 90 * x / width
    page = np.where(dots > 0.4 + y / height, 40.0, paper)
    page[(3 * x + y) % 41 < 2] = 0
    grain = np.random.default_rng(SEED).integers(0, 6, (height, width))
    colour = np.stack([page + grain, page, page - grain], axis=-1)
    return np.clip(colour, 0, 255).astype(np.uint8)


def main() -> int:
    if len(sys.argv) != 4:
        print(__doc__, file=sys.stderr)
        return 2
    width, height, output = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    Image.fromarray(draw(width, height)).save(output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
