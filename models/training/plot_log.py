"""Draw the loss and validation curves of one or more runs, laid end to end.

python plot_log.py --log run/log.jsonl [--log continued/log.jsonl] --out curve.png
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot

LOSS_WINDOW = 10


def read_log(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def running_mean(values: list[float], window: int) -> list[float]:
    """Mean of each value with up to window - 1 before it."""
    return [sum(values[max(0, i - window + 1) : i + 1]) / min(i + 1, window) for i in range(len(values))]


def plot(logs: list[list[dict[str, Any]]], out: Path) -> None:
    """Loss (logarithmic) above, validation PSNR below; a dashed line where a run continues another."""
    figure, (top, bottom) = pyplot.subplots(2, 1, sharex=True, figsize=(8, 6), constrained_layout=True)
    offset = 0
    for log in logs:
        losses = [entry for entry in log if "loss" in entry]
        scores = [entry for entry in log if "psnr_no_jpeg" in entry]
        steps = [offset + entry["step"] for entry in losses]
        top.plot(steps, running_mean([entry["loss"] for entry in losses], LOSS_WINDOW), color="tab:blue")
        for key, colour in (("psnr_no_jpeg", "tab:green"), ("psnr_q85", "tab:orange")):
            label = key if offset == 0 else None
            bottom.plot(
                [offset + s["step"] for s in scores], [s[key] for s in scores], color=colour, label=label
            )
        if offset:
            for axes in (top, bottom):
                axes.axvline(offset, linestyle="--", color="grey")
        offset = max(entry["step"] for entry in log) + offset
    top.set(yscale="log", ylabel=f"training loss, mean of {LOSS_WINDOW} entries")
    bottom.set(xlabel="step", ylabel="validation PSNR, dB")
    bottom.legend()
    figure.savefig(out, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--log", type=Path, action="append", required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    plot([read_log(path) for path in arguments.log], arguments.out)


if __name__ == "__main__":
    main()
