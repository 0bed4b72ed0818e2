"""Tiles made by worker processes during training: shared-memory slots, and a pool in device memory.

Workers fill slots of SLOT_TILES tiles; the training loop copies a finished slot over the oldest tiles of the
pool now and then. Patches are drawn from the pool on the device, so the workers never hold a step up.
Memory is bounded: two slots a worker, and the pool's fixed capacity.
"""

from __future__ import annotations

import mmap
import multiprocessing
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tiles import SCALE, TILE

Pixels = NDArray[np.uint8]
MakeTile = Callable[[np.random.Generator], tuple[Pixels, Pixels]]

SLOT_TILES = 16
SLOTS_PER_WORKER = 2
HIGH_SHAPE = (SCALE * TILE, SCALE * TILE, 3)
LOW_SHAPE = (TILE, TILE, 3)


@dataclass(frozen=True)
class Slot:
    """SLOT_TILES tile pairs in memory shared with the workers: high (n, 2t, 2t, 3) and low (n, t, t, 3)."""

    high: Pixels
    low: Pixels


def shared_slot() -> Slot:
    """A slot on an anonymous shared mapping, which forked processes inherit."""

    def shared(shape: tuple[int, ...]) -> Pixels:
        size = SLOT_TILES * int(np.prod(shape))
        return np.frombuffer(mmap.mmap(-1, size), np.uint8).reshape(SLOT_TILES, *shape)

    return Slot(shared(HIGH_SHAPE), shared(LOW_SHAPE))


class TileProducers:
    """Forked processes that keep filling slots. Start them before the accelerator is first used."""

    def __init__(self, make_tile: MakeTile, workers: int, seed: int) -> None:
        context = multiprocessing.get_context("fork")
        self.slots = [shared_slot() for _ in range(workers * SLOTS_PER_WORKER)]
        self._free = context.SimpleQueue()
        self._filled = context.SimpleQueue()
        for number in range(len(self.slots)):
            self._free.put(number)
        self._processes = [
            context.Process(target=self._work, args=(make_tile, [seed, worker]), daemon=True)
            for worker in range(workers)
        ]
        for process in self._processes:
            process.start()

    def _work(self, make_tile: MakeTile, seed: list[int]) -> None:
        rng = np.random.default_rng(seed)
        while True:
            number = self._free.get()
            slot = self.slots[number]
            for index in range(SLOT_TILES):
                slot.high[index], slot.low[index] = make_tile(rng)
            self._filled.put(number)

    def ready(self) -> bool:
        """Whether a filled slot waits. Raises RuntimeError if a worker has died."""
        for process in self._processes:
            if process.exitcode is not None:
                raise RuntimeError(
                    f"expected tile workers to run, one ended with exit code {process.exitcode}"
                )
        return not self._filled.empty()

    def move_into(self, pool: TilePool) -> None:
        """Copy a filled slot into the pool (waits for one) and hand the slot back."""
        number = self._filled.get()
        pool.insert(self.slots[number])
        self._free.put(number)

    def stop(self) -> None:
        """End the workers."""
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.join()


class TilePool:
    """The newest `capacity` tile pairs in device memory, and random patches from them."""

    def __init__(self, capacity: int, device: torch.device, seed: int, compiled: bool = False) -> None:
        """compiled: cut patches by fused kernels, which takes some seconds to prepare."""
        if capacity % SLOT_TILES:
            raise ValueError(f"expected a multiple of {SLOT_TILES} for capacity, received {capacity}")
        self._high = torch.empty((capacity, *HIGH_SHAPE), dtype=torch.uint8, device=device)
        self._low = torch.empty((capacity, *LOW_SHAPE), dtype=torch.uint8, device=device)
        # Copies from pinned memory run while the host goes on to queue steps.
        pinned = device.type == "cuda"
        self._staged_high = torch.empty((SLOT_TILES, *HIGH_SHAPE), dtype=torch.uint8, pin_memory=pinned)
        self._staged_low = torch.empty((SLOT_TILES, *LOW_SHAPE), dtype=torch.uint8, pin_memory=pinned)
        self._copied = torch.cuda.Event() if pinned else None
        self._cut = torch.compile(cut_patches, dynamic=False) if compiled else cut_patches
        self.generator = torch.Generator(device).manual_seed(seed)
        self.inserted = 0
        # On the device, so that a recorded step draws from what is there when it is replayed.
        self._filled = torch.zeros((), device=device)

    def insert(self, slot: Slot) -> None:
        """Overwrite the oldest tiles."""
        start = self.inserted % len(self._low)
        if self._copied is not None:
            self._copied.synchronize()
        self._staged_high.copy_(torch.from_numpy(slot.high))
        self._staged_low.copy_(torch.from_numpy(slot.low))
        self._high[start : start + SLOT_TILES].copy_(self._staged_high, non_blocking=True)
        self._low[start : start + SLOT_TILES].copy_(self._staged_low, non_blocking=True)
        if self._copied is not None:
            self._copied.record()
        self.inserted += SLOT_TILES
        self._filled.fill_(min(self.inserted, len(self._low)))

    def sample(self, batch: int, patch: int, margin: int, align: int = 1) -> tuple[Tensor, Tensor]:
        """Random patches, each in one of the eight orientations, at multiples of `align` from the tile's corner.

        Returns low (batch, patch, patch, 3) and high (batch, s, s, 3), both uint8, with
        s = SCALE * (patch - 2 * margin): the high-resolution patch covers the low-resolution one without its
        outer `margin` pixels.
        """
        # Shares of the whole in place of integers below a limit: the limit for tiles is known to the device only.
        shares = torch.rand((4, batch, 1, 1), generator=self.generator, device=self._low.device)
        return self._cut(self._low, self._high, self._filled, shares, patch, margin, align)


def cut_patches(
    low: Tensor, high: Tensor, filled: Tensor, shares: Tensor, patch: int, margin: int, align: int
) -> tuple[Tensor, Tensor]:
    """Patches of the first `filled` tiles: `shares`, in [0, 1), choose tile, orientation, row and column."""

    def below(limit: int | Tensor, share: Tensor) -> Tensor:
        return (share * limit).long()

    places = (TILE - patch) // align + 1
    tile, orientation = below(filled, shares[0]), below(8, shares[1])
    y, x = below(places, shares[2]) * align, below(places, shares[3]) * align
    low_y, low_x = oriented_grid(patch, orientation)
    high_y, high_x = oriented_grid(SCALE * (patch - 2 * margin), orientation)
    return (
        low[tile, y + low_y, x + low_x],
        high[tile, SCALE * (y + margin) + high_y, SCALE * (x + margin) + high_x],
    )


def oriented_grid(size: int, orientation: Tensor) -> tuple[Tensor, Tensor]:
    """Row and column indices (batch, size, size) of squares flipped (bits 0 and 1) and transposed (bit 2)."""
    steps = torch.arange(size, device=orientation.device)
    rows, columns = steps[None, :, None], steps[None, None, :]
    rows = torch.where((orientation & 1).bool(), size - 1 - rows, rows)
    columns = torch.where((orientation & 2).bool(), size - 1 - columns, columns)
    transposed = (orientation & 4).bool()
    return (
        torch.where(transposed, columns.transpose(1, 2), rows.expand(-1, size, size)),
        torch.where(transposed, rows.transpose(1, 2), columns.expand(-1, size, size)),
    )
