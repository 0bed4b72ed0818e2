"""Compares this engine with the published programs' packages and with the naive reference, model by model.

    python compare_tools.py whole --models FOLDER --engine "node dist/src/main.cjs" --work /tmp/parity page.png
    python compare_tools.py seams --models FOLDER --engine "..." --work /tmp/parity --tile 64 screentone.png

`whole` compares images computed in one tile; `seams` compares the same program's tiles with its whole image. Every image
that was computed stays in the work folder and is taken from there the next time. Prints Markdown; a cell is PSNR, largest
difference in 8-bit levels, share of differing values. See docs/quality.md for what to install.
"""

from __future__ import annotations

import argparse
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cases import CASES, Case
from differences import Difference, difference, load

HERE = Path(__file__).parent
CPU = -1
WHOLE_IMAGE = 1 << 14
DARKEST_COUNTED = 1
"""With --skip-black. Half precision may carry a value across 0 that the reference has at 1."""


class RunFailed(RuntimeError):
    """A program ended with an error or gave no image."""


@dataclass(frozen=True)
class Bench:
    """Where things are."""

    models: Path
    engine: list[str]
    work: Path
    skips_black: bool

    def _image(self, name: str, command: list[str]) -> np.ndarray:
        output = self.work / f"{name}.png"
        if not output.exists():
            done = subprocess.run([*command, str(output)], capture_output=True, text=True)
            if done.returncode != 0 or not output.exists():
                raise RunFailed(f"{name}: ended with {done.returncode}: {done.stderr.strip()[-400:]}")
        return load(output)

    def reference(self, case: Case, page: Path) -> np.ndarray:
        stem = self.models / case.model
        files = ["--param", f"{stem}.param", "--bin", f"{stem}.bin", "--frame", case.frame]
        command = [sys.executable, str(HERE / "reference.py"), *files, str(page)]
        return self._image(_slug(case, page, "reference"), command)

    def tool(self, case: Case, page: Path, gpu: int, tile: int = WHOLE_IMAGE, syncgap: int = 3) -> np.ndarray:
        options = ["--case", case.name, "--models", str(self.models), "--gpu", str(gpu)]
        options += ["--tile", str(tile), "--syncgap", str(syncgap)]
        command = [sys.executable, str(HERE / "run_tool.py"), *options, str(page)]
        return self._image(_slug(case, page, "tool", gpu, tile, syncgap), command)

    def ours(self, case: Case, page: Path, gpu: int, tile: int = WHOLE_IMAGE) -> np.ndarray:
        options = ["--model", f"{self.models / case.model}.param", "--gpu-id", str(gpu), "--tile-size", str(tile)]
        command = [*self.engine, "upscale", str(page), *options, "-o"]
        return self._image(_slug(case, page, "ours", gpu, tile), command)


    def counted(self, case: Case, page: Path) -> np.ndarray | None:
        """Which values are compared: all, or those that are not black in the reference."""
        return self.reference(case, page) > DARKEST_COUNTED if self.skips_black else None


def _slug(case: Case, page: Path, *parts: object) -> str:
    return "-".join([case.name.replace(" ", "_"), page.stem, *map(str, parts)])


def _row(cells: list[object]) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def _attempt(compare) -> Difference | str:
    try:
        return compare()
    except RunFailed as failure:
        print(failure, file=sys.stderr)
        return "failed"


def whole_row(bench: Bench, case: Case, page: Path, gpu: int, border: int) -> list[object]:
    """Ours against the reference, the tool against the reference, ours against the tool, the same without the border."""

    def compare(first, second, border: int = 0) -> Difference | str:
        return _attempt(lambda: difference(first(), second(), border, bench.counted(case, page)))

    def ours() -> np.ndarray:
        return bench.ours(case, page, gpu)

    def tool() -> np.ndarray:
        return bench.tool(case, page, gpu)

    def reference() -> np.ndarray:
        return bench.reference(case, page)

    inside = border * case.scale
    own = [compare(ours, reference), compare(ours, reference, inside)]
    if gpu == CPU and not case.runs_on_cpu:
        return [case.name, *own, "-", "-", "-"]
    return [case.name, *own, compare(tool, reference), compare(ours, tool), compare(ours, tool, inside)]


def seams_row(bench: Bench, case: Case, page: Path, gpu: int, tile: int) -> list[object]:
    """Tiles against the whole image, by the tool (its default and its exact means) and by this engine."""

    def compare(tiled, whole) -> Difference | str:
        return _attempt(lambda: difference(tiled(), whole(), counted=bench.counted(case, page)))

    def tool(syncgap: int) -> Difference | str:
        return compare(lambda: bench.tool(case, page, gpu, tile, syncgap), lambda: bench.tool(case, page, gpu))

    by_tool: list[object] = ["-", "-"]
    if gpu != CPU or case.runs_on_cpu:
        is_synchronised = case.tool == "realcugan" and case.has_global_means
        by_tool = [tool(3), tool(1) if is_synchronised else "-"]
    ours = compare(lambda: bench.ours(case, page, gpu, tile), lambda: bench.ours(case, page, gpu))
    return [case.name, *by_tool, ours]


HEADINGS = {
    "whole": [
        *("model", "ours : reference", "the same, inside"),
        *("tool : reference", "ours : tool", "the same, inside"),
    ],
    "seams": ["model", "tool, tiles : whole", "tool, syncgap 1", "ours, tiles : whole"],
}


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=sorted(HEADINGS))
    parser.add_argument("--models", type=Path, required=True, help="holds the published models, see cases.py")
    parser.add_argument("--engine", required=True, help="command of this program")
    parser.add_argument("--work", type=Path, required=True, help="takes the images")
    parser.add_argument("--gpu", type=int, default=CPU, help="Vulkan device of all programs, -1 for the CPU")
    parser.add_argument("--tile", type=int, default=64, help="tile side for seams, input pixels")
    parser.add_argument("--border", type=int, default=40, help="left out by \"inside\", input pixels")
    parser.add_argument(
        "--skip-black", action="store_true", help="compare only what the reference does not paint black"
    )
    parser.add_argument("--only", nargs="*", help="names of cases")
    parser.add_argument("page", type=Path, help="PNG")
    return parser.parse_args()


def main() -> int:
    options = read_options()
    options.work.mkdir(parents=True, exist_ok=True)
    bench = Bench(options.models, shlex.split(options.engine), options.work, options.skip_black)
    headings = HEADINGS[options.what]
    print(_row(headings), _row(["---"] * len(headings)), sep="\n", flush=True)
    for case in CASES:
        if options.only and case.name not in options.only:
            continue
        if options.what == "whole":
            cells = whole_row(bench, case, options.page, options.gpu, options.border)
        else:
            cells = seams_row(bench, case, options.page, options.gpu, options.tile)
        print(_row(cells), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
