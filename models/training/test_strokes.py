"""Checks of strokes, changed tones and gradients, as test_data.py has them of tiles."""

from __future__ import annotations

import unittest

import numpy as np

from drawing import Mark, blend, coverage, paint_marks
from gradients import draw_gradients
from recolour import change_tones, random_region, recolour
from scenes import random_contour
from strokes import KINDS, add_strokes


class StrokeTest(unittest.TestCase):
    def test_a_shape_on_a_canvas_of_its_own_is_where_it_is_on_a_whole_one(self) -> None:
        rng = np.random.default_rng(1)
        tile = rng.integers(0, 256, (128, 128, 3), dtype=np.uint8)
        colour = np.array([200.0, 100.0, 30.0])
        for centre in ((64.3, 50.8), (5.0, 120.0)):
            contour = random_contour(np.array(centre), 30, rng)
            painted = tile.copy()
            paint_marks(painted, [Mark(contour)], colour, 1.0)
            self.assertTrue((painted != tile).any())
            np.testing.assert_array_equal(painted, blend(tile, colour, coverage([[contour]], 128)))

    def test_a_grey_line_is_grey_all_through_and_as_wide_as_told(self) -> None:
        tile = np.full((64, 64), 255, np.uint8)
        for width in (2.5, 6.0):
            for softness in (0.0, 0.6):
                with self.subTest(width=width, softness=softness):
                    painted = tile.copy()
                    path = np.array([(-20.0, 31.0), (40.0, 31.5), (90.0, 32.0)])
                    paint_marks(painted, [Mark(path, np.full(3, width))], np.full(1, 128.0), 1.0, softness)
                    self.assertGreaterEqual(painted.min(), 128)
                    covered = (255 - painted.astype(float)).sum(axis=0) / (255 - 128)
                    self.assertAlmostEqual(float(covered.mean()), width, delta=0.3)

    def test_marks_of_one_pen_do_not_add_up_where_they_cross(self) -> None:
        tile = np.full((64, 64, 3), 255, np.uint8)
        paths = (np.array([(8.0, 8.0), (56.0, 56.0)]), np.array([(56.0, 8.0), (8.0, 56.0)]))
        paint_marks(tile, [Mark(path, np.full(2, 5.0)) for path in paths], np.zeros(3), 0.5)
        self.assertEqual(tile.min(), 128)

    def test_marks_outside_a_tile_leave_it_as_it_is(self) -> None:
        tile = np.full((64, 64), 255, np.uint8)
        for place in (-300.0, 300.0):
            paint_marks(tile, [Mark(np.full((4, 2), place), np.full(4, 9.0))], np.zeros(1), 1.0, 1.0)
        self.assertEqual(tile.min(), 255)

    def test_every_kind_of_mark_shows(self) -> None:
        for kind, draw in KINDS.items():
            rng = np.random.default_rng(3)
            for reach in (16.0, 60.0, 220.0):
                with self.subTest(kind, reach=reach):
                    tile = np.full((512, 512), 255, np.uint8)
                    paint_marks(tile, draw(np.full(2, 250.0), reach, rng), np.zeros(1), 1.0)
                    inked = np.mean(tile < 128)
                    self.assertGreater(inked, 0)
                    self.assertLess(inked, 0.5)

    def test_strokes_have_many_colours_and_greys(self) -> None:
        paper = np.full((512, 512, 3), 255, np.uint8)
        sheet = np.zeros((640, 640), np.uint8)
        tiles = [add_strokes(paper, sheet, np.random.default_rng(seed)) for seed in range(12)]
        self.assertGreater(sum((tile.max(axis=2) - tile.min(axis=2) > 60).any() for tile in tiles), 6)
        self.assertGreater(sum(((tile > 90) & (tile < 200)).any() for tile in tiles), 6)


class ToneTest(unittest.TestCase):
    def test_changed_tones_keep_the_drawing(self) -> None:
        ramp = np.tile(np.arange(256, dtype=np.uint8), (256, 1))
        for seed in range(40):
            for tile in (ramp, np.repeat(ramp[:, :, None], 3, axis=2)):
                changed = change_tones(tile, np.random.default_rng(seed))
                self.assertEqual((changed.shape, changed.dtype), (tile.shape, np.uint8))
                for channel in changed.reshape(256, 256, -1).transpose(2, 0, 1):
                    steps = np.diff(channel[0].astype(int))
                    self.assertTrue((steps >= 0).all() or (steps <= 0).all())
                    self.assertGreaterEqual(abs(int(channel[0, -1]) - int(channel[0, 0])), 0.15 * 255 - 1)

    def test_recolouring_a_region_leaves_the_rest_untouched(self) -> None:
        rng = np.random.default_rng(0)
        regions = 0
        for tile in (
            rng.integers(0, 256, shape, dtype=np.uint8) for shape in ((128, 128), (128, 128, 3)) * 8
        ):
            seed = int(rng.integers(1 << 30))
            result, again = recolour(tile, np.random.default_rng(seed)), np.random.default_rng(seed)
            changed = change_tones(tile, again)
            if again.random() < 0.5:
                np.testing.assert_array_equal(result, changed)
                continue
            cover = random_region(128, again)
            regions += bool((cover == 0).any() and (cover == 1).any())
            np.testing.assert_array_equal(result[cover == 0], tile[cover == 0])
            np.testing.assert_array_equal(result[cover == 1], changed[cover == 1])
        self.assertGreater(regions, 2)

    def test_gradients_have_no_edges(self) -> None:
        rng = np.random.default_rng(0)
        for number in range(12):
            picture = draw_gradients(512, number % 2 == 0, rng)
            self.assertEqual(picture.shape, (512, 512) if number % 2 == 0 else (512, 512, 3))
            self.assertGreater(np.ptp(picture), 10)
            for axis in (0, 1):
                self.assertLess(np.abs(np.diff(picture.astype(int), axis=axis)).max(), 24)


if __name__ == "__main__":
    unittest.main()
