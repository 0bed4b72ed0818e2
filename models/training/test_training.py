"""Checks of what a training run relies on without noticing when it is wrong. Run: python -m unittest"""

from __future__ import annotations

import math
import tempfile
import unittest
from pathlib import Path

import numpy as np
import torch

from degrade import Degradation, area_half, degrade
from export_ncnn import export, param_text
from metrics import psnr
from ncnn_weights import read_merged
from network import NetworkShape, UpscaleNetwork, mirrored_context
from pool import HIGH_SHAPE, LOW_SHAPE, SLOT_TILES, Slot, TilePool
from screentone import halftone, spot_function


def random_network() -> UpscaleNetwork:
    torch.manual_seed(3)
    network = UpscaleNetwork(NetworkShape())
    for conv in network.convs:
        torch.nn.init.normal_(conv.weight1, std=0.1)
        torch.nn.init.normal_(conv.bias, std=0.1)
    return network.eval()


class NetworkTest(unittest.TestCase):
    @torch.no_grad()
    def test_unpadded_output_is_the_centre_of_the_padded_one(self) -> None:
        network, x = random_network(), torch.rand(2, 3, 30, 34)
        torch.testing.assert_close(network(x, padding=0), network(x)[:, :, 16:-16, 16:-16])

    @torch.no_grad()
    def test_merged_branches_equal_separate_ones(self) -> None:
        network, x = random_network(), torch.rand(1, 3, 20, 24)
        torch.testing.assert_close(network(x), network.forward_branches(x), atol=1e-4, rtol=1e-4)

    @torch.no_grad()
    def test_mirrored_context_keeps_the_size(self) -> None:
        self.assertEqual(mirrored_context(random_network(), torch.rand(1, 3, 9, 11)).shape, (1, 3, 18, 22))

    def test_output_depends_on_nothing_beyond_the_receptive_radius(self) -> None:
        network, x = random_network(), torch.rand(1, 3, 41, 41, requires_grad=True)
        network(x)[0, :, 40:42, 40:42].sum().backward()
        reached = (x.grad[0].abs().sum(0) > 0).nonzero()
        radius = network.shape.receptive_radius
        self.assertEqual((reached.min().item(), reached.max().item()), (20 - radius, 20 + radius))


class ExportTest(unittest.TestCase):
    def test_weights_read_back_as_written(self) -> None:
        network = random_network()
        with tempfile.TemporaryDirectory() as folder:
            export(network, Path(folder), "model")
            layers = read_merged(Path(folder) / "model.bin", network.shape)
            for (weight, bias), (expected_weight, expected_bias) in zip(
                layers, network.merged_layers(), strict=True
            ):
                torch.testing.assert_close(weight, expected_weight, atol=0, rtol=0)
                torch.testing.assert_close(bias, expected_bias, atol=0, rtol=0)
            (Path(folder) / "model.bin").write_bytes(b"\0" * 100)
            with self.assertRaisesRegex(ValueError, "expected 3456 bytes at 4"):
                read_merged(Path(folder) / "model.bin", network.shape)

    def test_param_counts_agree_with_its_lines(self) -> None:
        lines = param_text(random_network()).splitlines()
        layers, blobs = (int(count) for count in lines[1].split())
        self.assertEqual(layers, len(lines) - 2)
        self.assertEqual(blobs, sum(int(line.split()[3]) for line in lines[2:]))


class DataTest(unittest.TestCase):
    def test_patches_of_both_sizes_show_the_same_place_in_the_same_orientation(self) -> None:
        rng = np.random.default_rng(0)
        high = rng.integers(0, 256, (SLOT_TILES, *HIGH_SHAPE), dtype=np.uint8)
        low = np.stack([area_half(tile) for tile in high])
        self.assertEqual(low.shape[1:], LOW_SHAPE)
        pool = TilePool(SLOT_TILES, torch.device("cpu"), seed=1)
        pool.insert(Slot(high, low))
        lows, highs = pool.sample(32, patch=40, margin=8)
        for small, large in zip(lows.numpy(), highs.numpy(), strict=True):
            np.testing.assert_array_equal(area_half(large), small[8:-8, 8:-8])

    def test_degradation_without_jpeg_is_the_area_mean(self) -> None:
        rng = np.random.default_rng(0)
        high = rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)
        low = degrade(high, False, Degradation(other_kernel=0, no_jpeg=1, double_jpeg=0), rng)
        np.testing.assert_array_equal(low, area_half(high))

    def test_double_jpeg_stays_in_place(self) -> None:
        rng = np.random.default_rng(0)
        ramp = np.arange(128, dtype=np.uint8)[:, None, None]
        high = np.broadcast_to(ramp + ramp.transpose(1, 0, 2), (128, 128, 3)).copy()
        settings = Degradation(other_kernel=0, no_jpeg=0, double_jpeg=1, low_quality=0, high_range=(95, 98))
        self.assertGreater(psnr(degrade(high, True, settings, rng), area_half(high)), 40)

    def test_halftone_keeps_the_mean_grey(self) -> None:
        pattern = spot_function(256, 9.0, math.radians(45), lines=True, phase=(0.0, 0.0))
        tone = halftone(np.full_like(pattern, 0.5), pattern, 9.0)
        self.assertAlmostEqual(float(tone.mean()), 0.5, delta=0.02)


if __name__ == "__main__":
    unittest.main()
