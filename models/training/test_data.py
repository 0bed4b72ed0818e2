"""Checks of the training data, which no run would notice to be wrong. Run: python -m unittest"""

from __future__ import annotations

import dataclasses
import io
import math
import shutil
import tempfile
import unittest
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from degrade import Degradation, Pixels, area_half, degrade
from grain import add_grain
from metrics import psnr
from pack_data import PackFile, write_pack
from pool import HIGH_SHAPE, LOW_SHAPE, SLOT_TILES, Slot, TilePool
from scenes import draw_scene, grey_palette, vivid_palette
from screentone import add_screentone, halftone, spot_function
from tiles import Art, TileMix, load_art, make_tile, soften
from tones import SPOTS, periodic_screen, print_scene, sand_screen
from validation import drawn_references

# Whatever happens to a tile, all of it and none of it.
EVERYTHING = TileMix(
    shrink=1,
    smooth=0.2,
    line_art=0.5,
    tone=0.5,
    grey=0.3,
    levels=1,
    speed_lines=1,
    gutters=1,
    strokes=1,
    lettering=1,
    recolour=1,
    soft=1,
)
NOTHING = TileMix(**{field.name: 0 for field in dataclasses.fields(TileMix)})
UNTOUCHED = Degradation(blur=0, other_kernel=0, over_shrink=0, sharpen=0, no_jpeg=1, double_jpeg=0, webp=0)


def noisy_art(rng: np.random.Generator) -> Art:
    """A colour picture as large as a tile, a smaller grey one, and a lettering sheet."""
    colour = rng.integers(0, 256, HIGH_SHAPE, dtype=np.uint8)
    grey = rng.integers(0, 256, (300, 400), dtype=np.uint8)
    sheet = np.where(rng.random((640, 640)) < 0.1, 255, 0).astype(np.uint8)
    return Art([colour, grey], np.array([0.5, 0.5]), [sheet])


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
        blocks = high.reshape(32, 2, 32, 2, 3).astype(np.uint32).sum(axis=(1, 3))
        np.testing.assert_array_equal(degrade(high, False, UNTOUCHED, rng), (blocks + 2) // 4)

    def test_each_degradation_changes_the_page_and_keeps_it_in_place(self) -> None:
        rng = np.random.default_rng(0)
        high = draw_scene(256, vivid_palette(rng), rng).picture
        clean = area_half(high)
        for name in ("blur", "other_kernel", "over_shrink", "sharpen", "webp"):
            with self.subTest(name):
                no_jpeg = 0.0 if name == "webp" else 1.0
                settings = dataclasses.replace(UNTOUCHED, **{name: 1.0, "no_jpeg": no_jpeg})
                low = degrade(high, False, settings, rng)
                self.assertEqual((low.shape, low.dtype), (clean.shape, np.uint8))
                self.assertTrue((low != clean).any())
                here = psnr(low, clean)
                self.assertGreater(here, 25)
                for axis in (0, 1):
                    self.assertGreater(here, psnr(np.roll(low, 1, axis), clean) + 3)

    def test_double_jpeg_stays_in_place(self) -> None:
        rng = np.random.default_rng(0)
        ramp = np.arange(128, dtype=np.uint8)[:, None, None]
        high = np.broadcast_to(ramp + ramp.transpose(1, 0, 2), (128, 128, 3)).copy()
        settings = dataclasses.replace(
            UNTOUCHED, no_jpeg=0, double_jpeg=1, low_quality=0, high_range=(95, 98)
        )
        self.assertGreater(psnr(degrade(high, True, settings, rng), area_half(high)), 40)

    def test_halftone_keeps_the_mean_grey(self) -> None:
        pattern = spot_function(256, 9.0, math.radians(45), lines=True, phase=(0.0, 0.0))
        tone = halftone(np.full_like(pattern, 0.5), pattern, 9.0)
        self.assertAlmostEqual(float(tone.mean()), 0.5, delta=0.02)


class TileTest(unittest.TestCase):
    def test_a_tile_with_all_at_zero_is_the_art_and_its_area_mean(self) -> None:
        art = noisy_art(np.random.default_rng(1))
        art = Art(art.pictures[:1], np.array([1.0]), art.lettering)
        for seed in range(8):
            high, low = make_tile(art, NOTHING, UNTOUCHED, np.random.default_rng(seed))
            np.testing.assert_array_equal(high, art.pictures[0])
            np.testing.assert_array_equal(low, area_half(high))

    def test_tiles_have_the_shapes_of_slots_and_repeat_with_a_seed(self) -> None:
        art = noisy_art(np.random.default_rng(1))

        def tiles(seed: int) -> list[tuple[Pixels, Pixels]]:
            rng = np.random.default_rng(seed)
            return [make_tile(art, EVERYTHING, Degradation(), rng) for _ in range(6)]

        first, again, other = tiles(3), tiles(3), tiles(4)
        for (high, low), (high_again, low_again) in zip(first, again, strict=True):
            self.assertEqual((high.shape, low.shape), (HIGH_SHAPE, LOW_SHAPE))
            self.assertEqual((high.dtype, low.dtype), (np.uint8, np.uint8))
            np.testing.assert_array_equal(high, high_again)
            np.testing.assert_array_equal(low, low_again)
        self.assertTrue(any((a[0] != b[0]).any() for a, b in zip(first, other, strict=True)))

    def test_grey_tiles_stay_grey(self) -> None:
        printed = dataclasses.replace(EVERYTHING, scene=0, smooth=0, tone=1, line_art=0.5)
        smooth = dataclasses.replace(EVERYTHING, scene=0, smooth=1, grey=1)
        art, rng = noisy_art(np.random.default_rng(1)), np.random.default_rng(2)
        for mix in (printed, printed, printed, printed, smooth, smooth):
            high, low = make_tile(art, mix, UNTOUCHED, rng)
            for pixels in (high, low):
                np.testing.assert_array_equal(pixels[:, :, 0], pixels[:, :, 1])
                np.testing.assert_array_equal(pixels[:, :, 0], pixels[:, :, 2])

    def test_nothing_is_written_into_the_art(self) -> None:
        art = noisy_art(np.random.default_rng(1))
        art = Art(art.pictures[:1], np.array([1.0]), art.lettering)
        before = [pixels.copy() for pixels in (*art.pictures, *art.lettering)]
        rng = np.random.default_rng(2)
        for name in ("speed_lines", "gutters", "strokes", "lettering", "recolour", "soft"):
            with self.subTest(name):
                mix = dataclasses.replace(NOTHING, **{name: 1})
                for _ in range(8):
                    make_tile(art, mix, UNTOUCHED, rng)
                for pixels, copy in zip((*art.pictures, *art.lettering), before, strict=True):
                    np.testing.assert_array_equal(pixels, copy)

    def test_soft_tiles_keep_their_shape_and_lose_their_sharpest_edges(self) -> None:
        rng = np.random.default_rng(0)
        edge = np.where(np.arange(128) < 64, 40, 210).astype(np.uint8)
        for tile in (np.tile(edge, (128, 1)), np.tile(edge[:, None, None], (1, 128, 3))):
            for _ in range(8):
                soft = soften(tile, rng)
                self.assertEqual((soft.shape, soft.dtype), (tile.shape, np.uint8))
                steps = np.abs(np.diff(soft.astype(int), axis=1 if tile.ndim == 2 else 0))
                self.assertLess(steps.max(), 170)

    def test_screens_print_the_grey_wanted(self) -> None:
        rng = np.random.default_rng(0)
        screens = {kind: periodic_screen(256, kind, 11.0, 0.3, (0.1, 0.4)) for kind in SPOTS}
        screens["sand"] = sand_screen(256, 1.0, rng)
        for kind, screen in screens.items():
            for darkness in (0.2, 0.5, 0.8):
                with self.subTest(kind, darkness=darkness):
                    ink = screen.ink(np.full((256, 256), darkness, np.float32), edge=1.0)
                    self.assertGreaterEqual(ink.min(), 0)
                    self.assertLessEqual(ink.max(), 1)
                    self.assertAlmostEqual(float(ink.mean()), darkness, delta=0.03)

    def test_line_art_keeps_its_ink_over_tone(self) -> None:
        rng = np.random.default_rng(5)
        scene = draw_scene(256, grey_palette(rng), rng)
        printed = print_scene(scene, rng)
        self.assertGreaterEqual(printed.min(), 0)
        self.assertLessEqual(printed.max(), 1)
        inked = printed[scene.ink == 1]
        self.assertGreater(inked.size, 100)
        np.testing.assert_allclose(inked, scene.ink_grey / 255, atol=1e-6)

    def test_drawn_edges_are_antialiased(self) -> None:
        ink = draw_scene(256, grey_palette(np.random.default_rng(5)), np.random.default_rng(6)).ink
        self.assertGreater(np.count_nonzero((ink > 0.1) & (ink < 0.9)), 0.1 * np.count_nonzero(ink))


class ValidationTest(unittest.TestCase):
    def test_screentone_of_the_references_is_that_of_the_first_run(self) -> None:
        ramp = np.broadcast_to(np.linspace(0, 1, 256, dtype=np.float32), (256, 256))
        printed = add_screentone(ramp, np.random.default_rng(7))
        self.assertAlmostEqual(float(printed.mean()), 0.486191, places=4)
        self.assertAlmostEqual(float(printed.std()), 0.376009, places=4)

    def test_drawn_references_are_the_same_each_time(self) -> None:
        first, again = drawn_references(), drawn_references()
        self.assertEqual(len({reference.pixels.tobytes() for reference in first}), len(first))
        for a, b in zip(first, again, strict=True):
            np.testing.assert_array_equal(a.pixels, b.pixels)


class PackTest(unittest.TestCase):
    def test_parts_copied_together_are_the_pack(self) -> None:
        def encoded(image: Image.Image, kind: str) -> bytes:
            buffer = io.BytesIO()
            image.save(buffer, kind, lossless=True)
            return buffer.getvalue()

        files = [
            PackFile(f"training/a-{n}.png", encoded(Image.new("RGB", (n, 4)), "PNG"), {"artist": "a"})
            for n in range(1, 6)
        ]
        files.append(PackFile("lettering/00.webp", encoded(Image.new("L", (640, 640), 7), "WEBP")))
        with tempfile.TemporaryDirectory() as folder:
            parts = write_pack(Path(folder), files, 2)
            self.assertEqual([part.name for part in parts], ["1", "2"])
            with self.assertRaises(FileNotFoundError):
                load_art(parts[0], {})
            shutil.copytree(parts[1], parts[0], dirs_exist_ok=True)
            art = load_art(parts[0], {})
            self.assertEqual(sorted(picture.shape[1] for picture in art.pictures), [1, 2, 3, 4, 5])
            self.assertEqual([sheet.shape for sheet in art.lettering], [(640, 640)])


class GrainTest(unittest.TestCase):
    def test_texture_is_faint_and_leaves_the_mean_and_the_given_tile_alone(self) -> None:
        for seed in range(12):
            rng = np.random.default_rng(seed)
            shape = (96, 96) if seed % 2 else (96, 96, 3)
            tile = np.full(shape, 128, np.uint8)
            grained = add_grain(tile, rng).astype(np.float64)
            self.assertTrue((tile == 128).all())
            self.assertLess(abs(grained.mean() - 128), 4)
            self.assertTrue(0.2 < grained.std() < 12, grained.std())

    def test_ink_and_paper_stay_within_bytes(self) -> None:
        tile = np.repeat(np.array([[0, 255]], np.uint8), 48, axis=1).repeat(96, axis=0)
        for seed in range(12):
            grained = add_grain(tile, np.random.default_rng(seed))
            self.assertGreater(grained[:, 48:].mean() - grained[:, :48].mean(), 235)


if __name__ == "__main__":
    unittest.main()
