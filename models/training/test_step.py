"""Checks of a training step. Run: python -m unittest"""

from __future__ import annotations

import copy
import unittest
from pathlib import Path

import torch
from torch import Tensor

from settings import read_settings
from step import Trainer

CONFIG = Path(__file__).parent / "configs" / "bd2x-fast.json"
SMALL = {"channels": 16, "convolutions": 4, "unshuffle": 2}


class SamePatches:
    """Stands for the pool: the same patches at every step."""

    def __init__(self) -> None:
        torch.manual_seed(5)
        self._low = torch.randint(0, 256, (2, 32, 32, 3), dtype=torch.uint8)
        self._high = torch.randint(0, 256, (2, 32, 32, 3), dtype=torch.uint8)

    def sample(self, *_: int, **__: int) -> tuple[Tensor, Tensor]:
        return self._low, self._high


class StepTest(unittest.TestCase):
    def trainer(self, **overrides: object) -> Trainer:
        torch.manual_seed(6)
        settings = read_settings(
            CONFIG, {"network": SMALL, "batch": 2, "patch": 32, "patch_floor": 1.0, **overrides}
        )
        return Trainer(settings, torch.device("cpu"), compiled=False)

    def test_gradients_are_those_of_one_step(self) -> None:
        trainer, pool = self.trainer(), SamePatches()
        trainer.step(pool, 1, decay=0.0)
        once = [parameter.grad.clone() for parameter in trainer.network.parameters()]
        trainer.step(pool, 2, decay=0.0)
        for parameter, expected in zip(trainer.network.parameters(), once, strict=True):
            torch.testing.assert_close(parameter.grad, expected)

    def test_every_weight_learns_with_both_optimisers_and_with_one(self) -> None:
        for kernel_rate in (0.02, 0.0):
            # The patches are noise, whose structure a network cannot learn.
            trainer, pool = self.trainer(kernel_rate=kernel_rate, structure_weight=0.0), SamePatches()
            before = [parameter.detach().clone() for parameter in trainer.network.parameters()]
            trainer.step(pool, 1, decay=1.0)
            first = trainer.loss.item()
            for number in range(2, 40):
                trainer.step(pool, number, decay=0.3)
            self.assertLess(trainer.loss.item(), 0.98 * first)
            for parameter, old in zip(trainer.network.parameters(), before, strict=True):
                self.assertFalse(torch.equal(parameter, old))

    def test_a_restored_trainer_goes_on_where_the_saved_one_stood(self) -> None:
        pool, saved, restored = SamePatches(), self.trainer(), self.trainer(seed=9)
        for number in range(1, 4):
            saved.step(pool, number, decay=1.0)
        restored.restore(copy.deepcopy(saved.state()))
        for trainer in (saved, restored):
            trainer.step(pool, 4, decay=1.0)
        for one, other in zip(saved.network.parameters(), restored.network.parameters(), strict=True):
            torch.testing.assert_close(one, other, atol=0, rtol=0)

    def test_a_checkpoint_of_a_gpu_goes_on_without_one(self) -> None:
        pool, saved, restored = SamePatches(), self.trainer(), self.trainer()
        saved.step(pool, 1, decay=1.0)
        state = copy.deepcopy(saved.state())
        for group in state["optimiser"]["param_groups"]:
            group.update(fused=True, capturable=True)
        restored.restore(state)
        for trainer in (saved, restored):
            trainer.step(pool, 2, decay=0.5)
        for one, other in zip(saved.network.parameters(), restored.network.parameters(), strict=True):
            torch.testing.assert_close(one, other, atol=0, rtol=0)


if __name__ == "__main__":
    unittest.main()
