"""Measure upscalers on the pack's validation pairs and print a table (Markdown) or JSON.

    python evaluate.py --pack PACK --checkpoint run/checkpoint.pt [--checkpoint other.pt] [--json table.json]

Rows: bicubic, Lanczos (Pillow's) and each checkpoint's averaged weights. Columns: JPEG quality of the input.
Cells: mean PSNR in dB / mean SSIM on luma, borders of 8 pixels cut. One table for each group of images.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from checkpoint import load_network
from metrics import psnr, ssim
from network import UpscaleNetwork, upscale_page
from validation import (
    QUALITIES,
    Reference,
    drawn_references,
    load_references,
    low_resolution,
)

Pixels = NDArray[np.uint8]
Upscaler = Callable[[Pixels], Pixels]
Scores = dict[str, dict[str, dict[str, list[float]]]]


def pillow_upscaler(kernel: Image.Resampling) -> Upscaler:
    """Enlarge twofold with one of Pillow's kernels."""

    def upscale(low: Pixels) -> Pixels:
        image = Image.fromarray(low)
        return np.asarray(image.resize((image.width * 2, image.height * 2), kernel))

    return upscale


def network_upscaler(network: UpscaleNetwork) -> Upscaler:
    """Run a network in fp32 on the accelerator if there is one."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network = network.to(device).eval()

    @torch.inference_mode()
    def upscale(low: Pixels) -> Pixels:
        return upscale_page(network, torch.from_numpy(low.copy()).to(device)).cpu().numpy()

    return upscale


def quality_name(quality: int | None) -> str:
    return "no JPEG" if quality is None else f"q{quality}"


def evaluate(upscalers: dict[str, Upscaler], references: list[Reference]) -> Scores:
    """scores[group][upscaler][quality] = [mean PSNR, mean SSIM]."""

    def measure(case: tuple[Reference, int | None, Pixels]) -> tuple[float, float]:
        reference, _, output = case
        return psnr(output, reference.pixels), ssim(output, reference.pixels)

    scores: Scores = {}
    with ThreadPoolExecutor() as threads:
        for name, upscale in upscalers.items():
            cases = [(r, q, upscale(low_resolution(r, q))) for r in references for q in QUALITIES]
            measured = list(zip(cases, threads.map(measure, cases), strict=True))
            for group in dict.fromkeys(r.group for r in references):
                scores.setdefault(group, {})[name] = {
                    quality_name(q): np.mean(
                        [m for (r, k, _), m in measured if r.group == group and k == q], axis=0
                    )
                    .round(4)
                    .tolist()
                    for q in QUALITIES
                }
    return scores


def markdown(scores: Scores, counts: dict[str, int]) -> str:
    """One table for each group."""
    lines: list[str] = []
    for group, rows in scores.items():
        names = [quality_name(q) for q in QUALITIES]
        lines += [
            f"{group}, {counts[group]} crops:",
            "",
            f"| | {' | '.join(names)} |",
            "|---" * (len(names) + 1) + "|",
        ]
        lines += [
            f"| {name} | " + " | ".join(f"{cells[q][0]:.2f} / {cells[q][1]:.4f}" for q in names) + " |"
            for name, cells in rows.items()
        ]
        lines.append("")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pack", type=Path, required=True)
    parser.add_argument("--checkpoint", type=Path, action="append", default=[])
    parser.add_argument("--json", type=Path, help="also write the scores here")
    arguments = parser.parse_args()
    torch.backends.cudnn.allow_tf32 = False
    references = load_references(arguments.pack) + drawn_references()
    upscalers = {
        "bicubic": pillow_upscaler(Image.Resampling.BICUBIC),
        "Lanczos": pillow_upscaler(Image.Resampling.LANCZOS),
        **{str(path): network_upscaler(load_network(path)) for path in arguments.checkpoint},
    }
    scores = evaluate(upscalers, references)
    groups = [reference.group for reference in references]
    print(markdown(scores, {group: groups.count(group) for group in groups}))
    if arguments.json:
        arguments.json.write_text(json.dumps(scores, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
