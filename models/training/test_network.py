"""Checks of the network, its export and its optimiser. Run: python -m unittest"""

from __future__ import annotations

import tempfile
import unittest
from dataclasses import replace
from pathlib import Path

import torch
import torch.nn.functional as F

from export_ncnn import export, param_text, strided_kernel, unshuffled_kernel
from muon import Muon, nearly_orthogonal
from ncnn_weights import FP16_TAG, read_merged
from network import NetworkShape, UpscaleNetwork, deepened, mirrored_context

SHAPES = (NetworkShape(), NetworkShape(channels=16, convolutions=4, unshuffle=2))


def random_network(shape: NetworkShape) -> UpscaleNetwork:
    torch.manual_seed(3)
    network = UpscaleNetwork(shape)
    for conv in network.convs:
        torch.nn.init.normal_(conv.weight1, std=0.1)
        torch.nn.init.normal_(conv.bias, std=0.1)
    return network.eval()


class NetworkTest(unittest.TestCase):
    @torch.no_grad()
    def test_unpadded_output_is_the_centre_of_the_padded_one(self) -> None:
        for shape in SHAPES:
            network, x = random_network(shape), torch.rand(2, 3, 30, 34)
            cut = shape.scale * shape.receptive_radius
            torch.testing.assert_close(network(x, padding=0), network(x)[:, :, cut:-cut, cut:-cut])

    @torch.no_grad()
    def test_merged_branches_equal_separate_ones(self) -> None:
        for shape in SHAPES:
            network, x = random_network(shape), torch.rand(1, 3, 20, 24)
            torch.testing.assert_close(network(x), network.forward_branches(x), atol=1e-4, rtol=1e-4)

    @torch.no_grad()
    def test_mirrored_context_keeps_even_and_odd_sizes(self) -> None:
        for shape in SHAPES:
            for height, width in ((12, 10), (11, 13)):
                output = mirrored_context(random_network(shape), torch.rand(1, 3, height, width))
                self.assertEqual(output.shape, (1, 3, 2 * height, 2 * width))

    @torch.no_grad()
    def test_mirrored_context_of_a_page_begins_with_the_one_of_its_corner(self) -> None:
        shape = SHAPES[1]
        network, page = random_network(shape), torch.rand(1, 3, 40, 44)
        near = 2 * (32 - shape.receptive_radius)
        corner = mirrored_context(network, page[:, :, :33, :33])
        whole = mirrored_context(network, page)
        torch.testing.assert_close(corner[:, :, :near, :near], whole[:, :, :near, :near])

    def test_output_depends_on_nothing_beyond_the_receptive_radius(self) -> None:
        for shape in SHAPES:
            network, x = random_network(shape), torch.rand(1, 3, 40, 40, requires_grad=True)
            network(x)[0, :, 40:42, 40:42].sum().backward()
            reached = (x.grad[0].abs().sum(0) > 0).nonzero()
            radius = shape.receptive_radius
            self.assertEqual(reached.min().item(), 20 - radius)
            self.assertEqual(reached.max().item(), 20 + shape.unshuffle - 1 + radius)


class DeepenedTest(unittest.TestCase):
    @torch.no_grad()
    def test_identities_change_nothing_that_stays_positive(self) -> None:
        shallow = random_network(NetworkShape(channels=16, convolutions=4, unshuffle=2, slope=1.0))
        deep = UpscaleNetwork(replace(shallow.shape, convolutions=7))
        deep.load_merged(deepened(shallow.merged_layers(), 7))
        x = torch.rand(1, 3, 24, 20)
        torch.testing.assert_close(deep(x), shallow(x))
        self.assertGreater((shallow(x) - F.interpolate(x, scale_factor=2)).abs().max().item(), 0.01)

    def test_layers_are_not_left_out(self) -> None:
        with self.assertRaisesRegex(ValueError, "at least 4 convolutions, received 3"):
            deepened(random_network(NetworkShape(channels=16, convolutions=4)).merged_layers(), 3)


class ExportTest(unittest.TestCase):
    def test_one_strided_kernel_does_what_unshuffling_and_a_convolution_do(self) -> None:
        weight, x = torch.rand(5, 12, 3, 3), torch.rand(1, 3, 20, 24)
        apart = F.conv2d(F.pixel_unshuffle(x, 2), weight, padding=1)
        torch.testing.assert_close(F.conv2d(x, strided_kernel(weight, 2), stride=2, padding=2), apart)
        torch.testing.assert_close(unshuffled_kernel(strided_kernel(weight, 2), 2), weight, atol=0, rtol=0)

    def test_weights_read_back_as_written(self) -> None:
        for shape in SHAPES:
            network = random_network(shape)
            with tempfile.TemporaryDirectory() as folder:
                export(network, Path(folder), "model")
                layers = read_merged(Path(folder) / "model.bin", shape)
                for (weight, bias), (expected_weight, expected_bias) in zip(
                    layers, network.merged_layers(), strict=True
                ):
                    torch.testing.assert_close(weight, expected_weight, atol=0, rtol=0)
                    torch.testing.assert_close(bias, expected_bias, atol=0, rtol=0)
                (Path(folder) / "model.bin").write_bytes(b"\0" * 100)
                with self.assertRaisesRegex(ValueError, "expected [0-9]+ bytes at 4"):
                    read_merged(Path(folder) / "model.bin", shape)

    def test_weights_stored_as_fp16_read_back_as_those_numbers(self) -> None:
        # An odd number of weights, which a half word follows.
        shape = NetworkShape(channels=1, convolutions=2)
        layers = [(torch.rand(o, i, 3, 3) - 0.5, torch.rand(o)) for i, o in shape.layer_sizes()]
        content = b""
        for weight, bias in layers:
            halves = weight.numpy().astype("<f2").tobytes()
            content += FP16_TAG + halves + bytes(-len(halves) % 4) + bias.numpy().astype("<f4").tobytes()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.bin"
            path.write_bytes(content)
            for (weight, bias), (stored, exact) in zip(read_merged(path, shape), layers, strict=True):
                torch.testing.assert_close(weight, stored.half().float(), atol=0, rtol=0)
                torch.testing.assert_close(bias, exact, atol=0, rtol=0)
            path.write_bytes(content[:-1])
            with self.assertRaisesRegex(ValueError, "expected 48 bytes"):
                read_merged(path, shape)

    def test_param_counts_agree_with_its_lines(self) -> None:
        for shape in SHAPES:
            lines = param_text(random_network(shape)).splitlines()
            layers, blobs = (int(count) for count in lines[1].split())
            self.assertEqual(layers, len(lines) - 2)
            self.assertEqual(blobs, sum(int(line.split()[3]) for line in lines[2:]))


class MuonTest(unittest.TestCase):
    def test_singular_values_come_near_one(self) -> None:
        torch.manual_seed(1)
        values = torch.linalg.svdvals(nearly_orthogonal(torch.randn(2, 8, 72) * 1e-4))
        self.assertGreater(values.min().item(), 0.6)
        self.assertLess(values.max().item(), 1.3)

    def test_a_gradient_that_overflowed_moves_nothing(self) -> None:
        kernels = [torch.nn.Parameter(torch.zeros(4, 4, 3, 3)) for _ in range(2)]
        kernels[0].grad, kernels[1].grad = torch.randn(4, 4, 3, 3), torch.full((4, 4, 3, 3), torch.inf)
        optimiser = Muon(kernels)
        optimiser.step(0.02)
        self.assertEqual([kernel.abs().max().item() for kernel in kernels], [0.0, 0.0])
        kernels[1].grad = torch.randn(4, 4, 3, 3)
        optimiser.step(0.02)
        self.assertTrue(all(0.001 < kernel.norm().item() < 0.06 for kernel in kernels))

    def test_it_finds_the_kernel_behind_a_convolution(self) -> None:
        torch.manual_seed(2)
        wanted, found = torch.randn(8, 8, 3, 3) * 0.1, torch.nn.Parameter(torch.zeros(8, 8, 3, 3))
        optimiser, x = Muon([found]), torch.randn(4, 8, 12, 12)
        for step in range(300):
            found.grad = None
            (F.conv2d(x, found) - F.conv2d(x, wanted)).square().mean().backward()
            optimiser.step(0.05 * (1 - step / 300))
        self.assertLess((found - wanted).abs().max().item(), 0.01)


if __name__ == "__main__":
    unittest.main()
