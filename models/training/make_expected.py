"""Write a test fixture: a synthetic page, and what PyTorch makes of it with an exported model's weights.

    python make_expected.py --config configs/bd2x-fast.json --weights ../bd2x-fast/bd2x-fast.bin \
        --out ../../test/fixtures/bd2x-fast

Files: input.png (8-bit RGB), page.f32
(the outside mirrored by the receptive radius, as a page is upscaled), expected.json (shapes, digests).
The .f32 file is raw little-endian float32, planar (3, height, width), not clamped; 1.0 is white.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from degrade import area_half
from ncnn_weights import read_merged
from network import UpscaleNetwork, mirrored_context
from screentone import halftone, spot_function
from settings import read_settings

WIDTH, HEIGHT = 48, 40
TONE_PERIOD = 8.0


def synthetic_page() -> NDArray[np.uint8]:
    """A miniature comic page (HEIGHT, WIDTH, 3): colour gradient, ink lines, lettering, screentone."""
    width, height = 2 * WIDTH, 2 * HEIGHT
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    page = np.stack([230 - y, 120 + x, 250 - 1.3 * x], axis=2).clip(0, 255).astype(np.uint8)
    pattern = spot_function(width, TONE_PERIOD, math.radians(45), lines=False, phase=(0.3, 1.1))[:height]
    tone = halftone(np.full_like(pattern, 0.6), pattern, TONE_PERIOD)
    page[44:, 50:] = np.rint(tone[44:, 50:, None] * 255).astype(np.uint8)
    image = Image.fromarray(page)
    draw = ImageDraw.Draw(image)
    draw.ellipse((6, 6, 58, 34), fill="white", outline="black", width=2)
    draw.text((14, 13), "HMM?!", fill="black")
    draw.line((4, 76, 44, 40), fill="black", width=3)
    draw.arc((60, 4, 92, 40), 20, 300, fill=(160, 20, 40), width=2)
    draw.rectangle((49, 43, 95, 79), outline="black", width=2)
    return area_half(np.asarray(image))


def write_planes(path: Path, output: torch.Tensor) -> dict[str, object]:
    """Write (1, 3, h, w) raw; returns its description."""
    content = output[0].numpy().astype("<f4").tobytes()
    path.write_bytes(content)
    return {"file": path.name, "shape": list(output.shape[1:]), "sha256": hashlib.sha256(content).hexdigest()}


@torch.no_grad()
def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--config", type=Path, required=True, help="of the run that made the weights")
    parser.add_argument(
        "--weights", type=Path, required=True, help="NAME.bin of export_ncnn.py, maybe as fp16"
    )
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    network = UpscaleNetwork(read_settings(arguments.config, {}).network).eval()
    network.load_merged(read_merged(arguments.weights, network.shape))
    arguments.out.mkdir(parents=True, exist_ok=True)
    page = synthetic_page()
    Image.fromarray(page).save(arguments.out / "input.png", optimize=True)
    x = torch.from_numpy(page.copy()).permute(2, 0, 1)[None].float() / 255
    facts = {
        "input": {"file": "input.png", "width": WIDTH, "height": HEIGHT},
        "weights": {
            "file": arguments.weights.name,
            "sha256": hashlib.sha256(arguments.weights.read_bytes()).hexdigest(),
        },
        "dtype": "float32, little-endian, planar RGB",
        "receptive_radius": network.shape.receptive_radius,
        "page": write_planes(arguments.out / "page.f32", mirrored_context(network, x)),
    }
    (arguments.out / "expected.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
