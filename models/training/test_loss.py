"""Checks of the loss. Run: python -m unittest"""

from __future__ import annotations

import unittest
from pathlib import Path

import numpy as np
import torch

from loss import luma, structural_similarity, upscale_loss
from metrics import BORDER, ssim
from settings import read_settings

CONFIG = Path(__file__).parent / "configs" / "bd2x-fast.json"


class LossTest(unittest.TestCase):
    def loss(self, *errors: float, floor: float = 1e-4) -> float:
        """Of one patch for each error, grey and off by it everywhere."""
        target = torch.full((len(errors), 3, 4, 4), 0.25)
        output = target + torch.tensor(errors)[:, None, None, None]
        settings = read_settings(
            CONFIG, {"squared_weight": 0.0, "structure_weight": 0.0, "patch_floor": floor}
        )
        return upscale_loss(output, target, settings).item()

    def test_halving_a_small_error_gains_as_much_as_halving_a_large_one(self) -> None:
        before = self.loss(0.02, 0.2)
        self.assertAlmostEqual(
            before - self.loss(0.01, 0.2), before - self.loss(0.02, 0.1), delta=0.02 * before
        )

    def test_noise_far_below_the_floor_hardly_counts(self) -> None:
        before = self.loss(0.004, 0.2, floor=0.1)
        small, large = self.loss(0.002, 0.2, floor=0.1), self.loss(0.004, 0.1, floor=0.1)
        self.assertLess(before - small, 0.15 * (before - large))

    def test_the_penalty_is_of_colour_and_of_luma(self) -> None:
        green, target = torch.zeros(1, 3, 4, 4), torch.zeros(1, 3, 4, 4)
        green[:, 1] = 0.3
        settings = read_settings(
            CONFIG, {"squared_weight": 5.0, "luma_weight": 2.0, "structure_weight": 0.0, "patch_floor": 1e6}
        )
        colour = (0.3 + 5 * 0.09 + 2 * 0.001) / 3
        luma = 0.3 * 0.587 + 5 * (0.3 * 0.587) ** 2
        self.assertAlmostEqual(upscale_loss(green, target, settings).item(), colour + 2 * luma, delta=0.03)

    def test_structural_similarity_is_that_of_the_tables(self) -> None:
        rng = np.random.default_rng(4)
        smooth = np.kron(rng.integers(0, 256, (8, 8, 3)), np.ones((8, 8, 1))).astype(np.uint8)
        noisy = np.clip(smooth + rng.normal(0, 12, smooth.shape), 0, 255).astype(np.uint8)
        planes = [
            luma(
                torch.from_numpy(image[BORDER:-BORDER, BORDER:-BORDER]).permute(2, 0, 1)[None].double() / 255
            )
            for image in (smooth, noisy)
        ]
        self.assertAlmostEqual(structural_similarity(*planes).item(), ssim(smooth, noisy), places=6)

    def test_lost_structure_costs_where_it_has_a_weight(self) -> None:
        target = torch.rand(2, 3, 24, 24, generator=torch.Generator().manual_seed(3))
        flat = target.mean((2, 3), keepdim=True).expand_as(target)
        with_it, without = (
            upscale_loss(
                flat, target, read_settings(CONFIG, {"structure_weight": weight, "patch_floor": 1e6})
            )
            for weight in (0.5, 0.0)
        )
        lacking = 1 - structural_similarity(luma(flat), luma(target)).mean()
        self.assertGreater(lacking.item(), 0.5)
        self.assertAlmostEqual((with_it - without).item(), 0.5 * lacking.item(), delta=0.05)

    def test_structure_misses_halved_contrast_more_than_a_shift_of_the_same_squared_error(self) -> None:
        target = 0.8 * torch.rand(1, 3, 24, 24, generator=torch.Generator().manual_seed(5))
        mean = target.mean((2, 3), keepdim=True)
        faded = mean + (target - mean) / 2
        brighter = target + (faded - target).square().mean((2, 3), keepdim=True).sqrt()
        with_it, without = (
            read_settings(CONFIG, {"structure_weight": weight, "patch_floor": 1e6}) for weight in (0.5, 0.0)
        )
        same, lost, shifted = (
            (upscale_loss(output, target, with_it) - upscale_loss(output, target, without)).item()
            for output in (target, faded, brighter)
        )
        self.assertAlmostEqual(same, 0, places=5)
        self.assertGreater(shifted, 0.001)
        self.assertGreater(lost, 3 * shifted)


if __name__ == "__main__":
    unittest.main()
