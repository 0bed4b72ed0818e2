"""Checkpoints: one file with the network's sizes, live and averaged weights, optimiser state and history."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from network import NetworkShape, UpscaleNetwork

FORMAT = 1


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write by way of a temporary file, so that a run cut off while saving keeps its last checkpoint."""
    temporary = path.with_suffix(".tmp")
    torch.save({"format": FORMAT, **state}, temporary)
    temporary.replace(path)


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint onto the CPU. Raises ValueError if it is of another format."""
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    if state.get("format") != FORMAT:
        raise ValueError(
            f"expected checkpoint format {FORMAT} in {path.name}, received {state.get('format')}"
        )
    return state


def load_network(path: Path) -> UpscaleNetwork:
    """The network with the averaged (EMA) weights, ready for inference on the CPU."""
    state = read_checkpoint(path)
    network = UpscaleNetwork(NetworkShape(**state["shape"]))
    network.load_state_dict(state["ema"])
    return network.eval()
