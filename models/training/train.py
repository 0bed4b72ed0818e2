"""Train a network on a data pack.

    python train.py --config configs/bd2x-fast.json --pack PACK --out run [--resume old/checkpoint.pt]

Writes into --out: checkpoint.pt (live and averaged weights, optimiser, history), log.jsonl (a line every
`log_every` steps), run.json (settings, versions, hardware, digest of the pack's index, result).
"""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import json
import math
import os
import platform
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from checkpoint import read_checkpoint, save_checkpoint
from evaluate import network_upscaler
from metrics import psnr
from ncnn_weights import read_merged
from network import deepened
from pool import TilePool, TileProducers
from settings import Settings, read_settings
from step import Trainer
from tiles import load_art, make_tile
from validation import Reference, load_references, low_resolution

# Validation while training: every so many of the references, without JPEG and with this quality.
QUICK_STRIDE, QUICK_QUALITY = 4, 85
SAVE_SECONDS = 60.0
# Tiles to wait for before the first step; the pool fills up while training.
FIRST_TILES = 1024
GROW_EVERY = 4


def rate_decay(settings: Settings, step: int, progress: float) -> float:
    """Share of the learning rates: linear rise over warmup_steps, then half a cosine to rate_floor at progress 1."""
    cosine = settings.rate_floor + (1 - settings.rate_floor) * 0.5 * (1 + math.cos(math.pi * progress))
    return cosine * min(1.0, (step + 1) / settings.warmup_steps)


def quick_validation(trainer: Trainer, references: list[Reference]) -> dict[str, float]:
    """Mean luma PSNR of the averaged network on a few references, without JPEG and with it."""
    upscale = network_upscaler(trainer.average)
    return {
        name: round(
            float(np.mean([psnr(upscale(low_resolution(r, quality)), r.pixels) for r in references])), 4
        )
        for name, quality in (("psnr_no_jpeg", None), (f"psnr_q{QUICK_QUALITY}", QUICK_QUALITY))
    }


class RunLog:
    """Lines of JSON, appended to a file and printed."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, **entry: Any) -> None:
        line = json.dumps(entry)
        print(line, flush=True)
        with open(self._path, "a", encoding="utf-8") as stream:
            stream.write(line + "\n")


def train_loop(
    settings: Settings,
    trainer: Trainer,
    producers: TileProducers,
    pool: TilePool,
    references: list[Reference],
    out: Path,
    history: list[dict[str, Any]],
) -> dict[str, Any]:
    """Train until the step or time limit; returns steps, seconds and the last validation."""
    log = RunLog(out / "log.jsonl")
    start = saved = time.monotonic()
    step, progress, result = 0, 0.0, {}
    losses = torch.zeros((), device=trainer.loss.device)
    while progress < 1:
        elapsed = time.monotonic() - start
        progress = min(1.0, max((step + 1) / settings.steps, elapsed / settings.seconds))
        decay = rate_decay(settings, step, progress)
        trainer.step(pool, step, decay)
        step += 1
        losses += trainer.loss
        growing = pool.inserted < settings.pool_tiles
        if step % (GROW_EVERY if growing else settings.refresh_every) == 0 and producers.ready():
            producers.move_into(pool)
        if step % settings.log_every == 0:
            mean_loss = losses.item() / settings.log_every
            losses.zero_()
            if not math.isfinite(mean_loss):
                raise FloatingPointError(f"expected a finite loss, received {mean_loss} at step {step}")
            seconds = round(time.monotonic() - start, 1)
            log.write(step=step, seconds=seconds, decay=decay, loss=round(mean_loss, 6), tiles=pool.inserted)
        if step % settings.validate_every == 0 or progress >= 1:
            result = {
                "step": step,
                "seconds": round(time.monotonic() - start, 1),
                **quick_validation(trainer, references),
            }
            log.write(**result)
        if progress >= 1 or time.monotonic() - saved > SAVE_SECONDS:
            saved = time.monotonic()
            summary = {
                "name": settings.name,
                "steps": step,
                "seconds": round(saved - start, 1),
                "seed": settings.seed,
            }
            save_checkpoint(out / "checkpoint.pt", {**trainer.state(), "history": [*history, summary]})
    return {**result, "tiles_made": pool.inserted}


def run_facts(settings: Settings, pack: Path, device: torch.device) -> dict[str, Any]:
    """What is needed to tell later what a run was."""
    return {
        "settings": dataclasses.asdict(settings),
        "pack_index_sha256": hashlib.sha256((pack / "index.json").read_bytes()).hexdigest(),
        "device": torch.cuda.get_device_name(device)
        if device.type == "cuda"
        else platform.processor() or "CPU",
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "numpy": np.__version__,
        },
    }


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--pack", type=Path, required=True, help="folder made by pack_data.py")
    parser.add_argument("--out", type=Path, required=True)
    start = parser.add_mutually_exclusive_group()
    start.add_argument("--resume", type=Path, help="checkpoint to continue from")
    start.add_argument("--weights", type=Path, help="exported NAME.bin to start from")
    parser.add_argument(
        "--convolutions", type=int, help="of --weights, where they are of a shallower network of this width"
    )
    parser.add_argument("--seconds", type=float, help="time limit in place of the settings' one")
    parser.add_argument("--workers", type=int, default=max(1, (os.cpu_count() or 2) - 1))
    parser.add_argument("--eager", action="store_true", help="on a GPU, compile and record nothing")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=JSON", help="replace a setting")
    arguments = parser.parse_args()
    if arguments.convolutions is not None and arguments.weights is None:
        parser.error("expected --weights beside --convolutions, received none")
    return arguments


def main() -> None:
    arguments = parse_arguments()
    overrides = {
        name: json.loads(value) for name, _, value in (entry.partition("=") for entry in arguments.set)
    }
    if arguments.seconds is not None:
        overrides["seconds"] = arguments.seconds
    settings = read_settings(arguments.config, overrides)
    arguments.out.mkdir(parents=True, exist_ok=True)
    art = load_art(arguments.pack, settings.artist_weights)
    references = load_references(arguments.pack)[::QUICK_STRIDE]
    # The workers fork before CUDA starts: a forked CUDA context cannot be used.
    producers = TileProducers(
        partial(make_tile, art, settings.tiles, settings.degradation), arguments.workers, settings.seed
    )
    try:
        torch.manual_seed(settings.seed)
        torch.backends.cudnn.benchmark = True
        torch.backends.cudnn.allow_tf32 = False
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        compiled = device.type == "cuda" and not arguments.eager
        trainer = Trainer(settings, device, compiled)
        history: list[dict[str, Any]] = []
        if arguments.resume:
            state = read_checkpoint(arguments.resume)
            trainer.restore(state)
            history = state["history"]
        elif arguments.weights:
            shape = settings.network
            given = dataclasses.replace(shape, convolutions=arguments.convolutions or shape.convolutions)
            trainer.start_from(deepened(read_merged(arguments.weights, given), shape.convolutions))
        pool = TilePool(settings.pool_tiles, device, settings.seed, compiled)
        while pool.inserted < min(settings.pool_tiles, FIRST_TILES):
            producers.move_into(pool)
        result = train_loop(settings, trainer, producers, pool, references, arguments.out, history)
    finally:
        producers.stop()
    facts = {**run_facts(settings, arguments.pack, device), "started_from": history, "result": result}
    (arguments.out / "run.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
