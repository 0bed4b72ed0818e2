"""Checks of the sheets of vector drawings: `python -m unittest`."""

from __future__ import annotations

import json
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import numpy as np

from vector_drawings import LARGEST_SVG, DrawingSource, read_clip_art, read_icon_set, render
from vector_sheets import render_sheet

DISC = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><circle cx="4" cy="4" r="3.5"/></svg>'
CURRENT = DISC.replace('r="3.5"', 'r="3.5" fill="currentColor"')
TALL = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 2 8"><rect width="2" height="8" fill="#f00"/></svg>'
)
EMPTY = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"></svg>'

SIDE = 300


class DrawingTest(unittest.TestCase):
    def test_edges_are_as_exact_as_their_pixels(self) -> None:
        pixels = render(DISC, 256, "#000000")
        assert pixels is not None
        self.assertEqual(pixels.shape, (256, 256, 4))
        area = pixels[:, :, 3].astype(np.float64).sum() / 255
        self.assertAlmostEqual(area, np.pi * (3.5 * 32) ** 2, delta=0.002 * area)
        self.assertGreater(len(np.unique(pixels[:, :, 3])), 60)

    def test_an_edge_keeps_the_colour_that_it_is_the_edge_of(self) -> None:
        pixels = render(CURRENT, 64, "#ff8000")
        assert pixels is not None
        seen = pixels[:, :, :3][pixels[:, :, 3] > 8].astype(int)
        self.assertLess(np.abs(seen - [255, 128, 0]).max(), 32)

    def test_the_longer_side_is_the_one_asked_for(self) -> None:
        pixels = render(TALL, 64, "#000000")
        assert pixels is not None
        self.assertEqual(pixels.shape[:2], (64, 16))

    def test_what_cannot_be_rendered_is_left_out(self) -> None:
        self.assertIsNone(render("<svg", 64, "#000000"))
        self.assertIsNone(render(EMPTY, 64, "#000000"))


class SourceTest(unittest.TestCase):
    def test_an_icon_begins_where_its_set_says(self) -> None:
        icons = {
            "prefix": "shapes",
            "width": 8,
            "height": 8,
            "icons": {
                "moved": {"body": '<path d="M100 0h8v8h-8z"/>', "left": 100},
                "wide": {"body": '<path d="M0 0h16v8H0z"/>', "width": 16},
            },
        }
        facts = {"license": {"spdx": "MIT"}, "author": {"name": "Somebody"}}
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "icons.json").write_text(json.dumps(icons), encoding="utf-8")
            (Path(folder) / "info.json").write_text(json.dumps(facts), encoding="utf-8")
            source = read_icon_set(Path(folder))
        self.assertEqual((source.name, source.licence, source.author), ("shapes", "MIT", "Somebody"))
        moved, wide = (render(svg, 32, "#000000") for svg in source.drawings)
        assert moved is not None and wide is not None
        self.assertEqual((moved.shape[:2], wide.shape[:2]), ((32, 32), (16, 32)))
        for pixels in (moved, wide):
            self.assertEqual(int(pixels[:, :, 3].min()), 255)

    def test_clip_art_is_taken_once_and_not_when_it_is_huge(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            with self.assertRaises(ValueError):
                read_clip_art(Path(folder))
            inner = Path(folder) / "animals"
            inner.mkdir()
            for name, text in (("a", DISC), ("b", DISC), ("c", TALL), ("d", DISC + " " * LARGEST_SVG)):
                (inner / f"{name}.svg").write_text(text, encoding="utf-8")
            self.assertEqual(read_clip_art(Path(folder)).drawings, [DISC, TALL])


@mock.patch("vector_sheets.SHEET", SIDE)
@mock.patch("vector_sheets.LARGEST_SIDES", (40, 100))
class SheetTest(unittest.TestCase):
    def test_a_sheet_repeats_with_its_seed_and_shows_its_sources(self) -> None:
        sources = [DrawingSource(name, "MIT", name, [CURRENT]) for name in "abcdef"]
        first, again, other = (render_sheet(sources, np.random.default_rng([1, n])) for n in (4, 4, 5))
        self.assertEqual(first[0].size, (SIDE, SIDE))
        self.assertEqual(first[0].tobytes(), again[0].tobytes())
        self.assertEqual([s.name for s in first[1]], [s.name for s in again[1]])
        self.assertNotEqual(first[0].tobytes(), other[0].tobytes())
        self.assertGreater(len(np.unique(np.asarray(first[0]).reshape(-1, 3)[::7], axis=0)), 20)

    def test_a_source_of_nothing_that_can_be_rendered_ends(self) -> None:
        sheet, _ = render_sheet([DrawingSource("x", "MIT", "x", ["<svg"])], np.random.default_rng(1))
        self.assertEqual(sheet.size, (SIDE, SIDE))


if __name__ == "__main__":
    unittest.main()
