"""Upscales a PNG with a published or own network, slowly and without ncnn: the yardstick for the engine.

    python reference.py --param X.param --bin X.bin --frame realcugan-2x input.png output.png

Needs NumPy and Pillow. The image is computed whole in float32, about 1 GB of memory for 800 x 1200 pixels and 64 channels.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from frames import FRAMES, frame_of, to_bytes, upscale
from ncnn_files import NetworkError
from network import Network


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--param", type=Path, required=True)
    parser.add_argument("--bin", type=Path, required=True)
    parser.add_argument("--frame", choices=sorted(FRAMES), required=True, help="whose edges and padding")
    parser.add_argument(
        "--prepadding", type=int, help="pixels around the image, for networks that keep their size"
    )
    parser.add_argument("input", type=Path)
    parser.add_argument("output", type=Path)
    return parser.parse_args()


def main() -> int:
    options = read_options()
    try:
        frame = frame_of(options.frame, options.prepadding)
        network = Network(options.param, options.bin)
        with Image.open(options.input) as opened:
            image = np.asarray(opened.convert("RGB"))
    except (NetworkError, ValueError, OSError) as error:
        print(f"reference.py: {error}", file=sys.stderr)
        return 1
    Image.fromarray(to_bytes(upscale(network, frame, image))).save(options.output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
