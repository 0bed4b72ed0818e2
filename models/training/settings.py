"""A run's settings, read from JSON. Unknown or missing names raise TypeError."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from degrade import Degradation
from network import NetworkShape
from tiles import TileMix


@dataclass(frozen=True)
class Settings:
    """batch and patch: patches a step and their low-resolution side, receptive radius included.

    steps, seconds: the run ends at whichever is reached first; the rate's cosine ends there too.
    rate, warmup_steps: AdamW's learning rate at its peak, and the steps of the linear rise to it.
    kernel_rate: Muon's learning rate for the kernels between the first and the last convolution; 0 leaves them to
        AdamW too.
    rate_floor: what is left of the rates at the end, as a share.
    luma_weight: weight of the luma term beside the RGB term of the loss.
    squared_weight: weight of the mean squared error beside the Charbonnier loss. Charbonnier alone predicts
        medians, which is sharp and now and then far off; squared error counts large misses more.
    structure_weight: weight of 1 - SSIM of luma beside these; 0 leaves it out.
    patch_floor: the penalty above which a patch counts by the logarithm of its penalty.
    ema_decay: share of the averaged weights that a step keeps.
    pool_tiles: tiles kept in device memory (about 1 MB each). refresh_every: steps between replaced slots.
    """

    name: str
    seed: int
    batch: int
    patch: int
    steps: int
    seconds: float
    rate: float
    kernel_rate: float
    rate_floor: float
    warmup_steps: int
    luma_weight: float
    squared_weight: float
    structure_weight: float
    patch_floor: float
    ema_decay: float
    pool_tiles: int
    refresh_every: int
    log_every: int
    validate_every: int
    network: NetworkShape = field(default_factory=NetworkShape)
    tiles: TileMix = field(default_factory=TileMix)
    degradation: Degradation = field(default_factory=Degradation)
    artist_weights: dict[str, float] = field(default_factory=dict)


def read_settings(path: Path, overrides: dict[str, Any]) -> Settings:
    """Settings from a JSON file; overrides replace top-level entries."""
    raw: dict[str, Any] = {**json.loads(path.read_text(encoding="utf-8")), **overrides}
    degradation = {k: tuple(v) if isinstance(v, list) else v for k, v in raw.pop("degradation", {}).items()}
    return Settings(
        network=NetworkShape(**raw.pop("network", {})),
        tiles=TileMix(**raw.pop("tiles", {})),
        degradation=Degradation(**degradation),
        **raw,
    )
