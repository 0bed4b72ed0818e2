"""Make the data pack: art, validation art, sheets of vector drawings and of lettering, an index.

    python pack_data.py --art FOLDER --icon-sets FOLDER --clip-art FOLDER --out PACK [--parts 3]

The art's folder holds INDEX.tsv (columns file, licence, author, ...) and art/. It is copied unchanged; whole
artists (by default horst and crawl) are held out for validation. Each folder in that of the icon sets is an
unpacked npm package @iconify-json/NAME. PACK/index.json names every file with its sha256, its origin, licence
and author, so that a run can state exactly what it was trained on.

With --parts N the files are spread over PACK/1 to PACK/N, each with the whole index: copied over one another
into one folder they are the pack, and reading a pack that lacks a part fails at the first missing file.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import json
import random
import re
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from lettering import FontLibrary
from lettering import render_sheet as render_lettering
from vector_drawings import DrawingSource, read_clip_art, read_icon_set
from vector_sheets import render_sheet

LETTERING_SHEETS = 40
LETTERING_SIZE = 640
SEED = 20260101


def artist_of(file: str) -> str:
    """File names begin with the artist: 'tenniel-alice_03.jpg' -> 'tenniel'."""
    return re.split(r"[_-]", file)[0]


def spread(rows: list[dict[str, str]], artist: str, limit: int) -> list[dict[str, str]]:
    """At most limit rows of the artist, evenly spread over the sorted file names."""
    own = sorted((row for row in rows if artist_of(row["file"]) == artist), key=lambda row: row["file"])
    count = min(limit, len(own))
    return [own[i * len(own) // count] for i in range(count)]


@dataclass(frozen=True)
class PackFile:
    """One file of the pack: its name in it, its bytes, and what the index tells of its origin."""

    name: str
    content: bytes
    facts: dict[str, str] = field(default_factory=dict)

    def index_entry(self) -> dict[str, Any]:
        digest = hashlib.sha256(self.content).hexdigest()
        return {"file": self.name, "sha256": digest, "bytes": len(self.content), **self.facts}


def pack_art(arguments: argparse.Namespace) -> list[PackFile]:
    """Every picture as it is."""
    with open(arguments.art / "INDEX.tsv", encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))
    held_out = set(arguments.held_out)
    rows = [row for row in rows if artist_of(row["file"]) not in held_out] + [
        row for artist in arguments.held_out for row in spread(rows, artist, arguments.validation_limit)
    ]

    def pack_row(row: dict[str, str]) -> PackFile:
        source = arguments.art / "art" / row["file"]
        artist = artist_of(row["file"])
        facts = {"artist": artist, "licence": row["licence"], "author": row["author"], "origin": row["repo"]}
        folder = "validation" if artist in held_out else "training"
        return PackFile(f"{folder}/{row['file']}", source.read_bytes(), facts)

    return [pack_row(row) for row in rows]


def pack_drawings(arguments: argparse.Namespace) -> list[PackFile]:
    """Sheets of vector drawings, lossless."""
    folders = sorted(path.parent for path in arguments.icon_sets.glob("**/icons.json"))
    sources = [read_icon_set(folder) for folder in folders] + [read_clip_art(arguments.clip_art)]
    # Each process gets the drawings once: they are hundreds of megabytes.
    with ProcessPoolExecutor(arguments.processes, initializer=keep_sources, initargs=(sources,)) as processes:
        return list(processes.map(pack_sheet_of_drawings, range(arguments.sheets)))


kept_sources: list[DrawingSource] = []


def keep_sources(sources: list[DrawingSource]) -> None:
    """Leave the drawings where a process of the pool finds them."""
    kept_sources.extend(sources)


def pack_sheet_of_drawings(number: int) -> PackFile:
    sheet, chosen = render_sheet(kept_sources, np.random.default_rng([SEED, number]))
    buffer = io.BytesIO()
    sheet.save(buffer, "WEBP", lossless=True, method=4)
    facts = {
        "artist": "vector",
        "licence": "; ".join(source.licence for source in chosen),
        "author": "; ".join(source.author for source in chosen),
        "origin": "; ".join(source.name for source in chosen),
    }
    return PackFile(f"training/vector-{number:03}.webp", buffer.getvalue(), facts)


def pack_lettering(fonts: Path) -> list[PackFile]:
    """Sheets of lettering, lossless."""
    rng = random.Random(SEED)
    library = FontLibrary(fonts)

    def pack_sheet(number: int) -> PackFile:
        buffer = io.BytesIO()
        script = library.script_at((number + 0.5) / LETTERING_SHEETS)
        sheet = render_lettering(library, script, LETTERING_SIZE, rng)
        sheet.save(buffer, "WEBP", lossless=True, method=6)
        return PackFile(f"lettering/{number:02}.webp", buffer.getvalue())

    return [pack_sheet(number) for number in range(LETTERING_SHEETS)]


def split(files: list[PackFile], parts: int) -> list[list[PackFile]]:
    """Spread the files over parts of nearly equal size: the largest first, each to the smallest part."""
    folders: list[list[PackFile]] = [[] for _ in range(parts)]
    sizes = [0] * parts
    for file in sorted(files, key=lambda file: (-len(file.content), file.name)):
        smallest = sizes.index(min(sizes))
        folders[smallest].append(file)
        sizes[smallest] += len(file.content)
    return folders


def write_pack(out: Path, files: list[PackFile], parts: int) -> list[Path]:
    """Write the files and the index into out, or into out/1 to out/parts; returns the folders written."""
    index = [file.index_entry() for file in sorted(files, key=lambda file: file.name)]
    text = json.dumps(index, indent=1, ensure_ascii=False) + "\n"
    folders = [out] if parts == 1 else [out / str(number + 1) for number in range(parts)]
    for folder, own in zip(folders, split(files, parts), strict=True):
        for file in own:
            path = folder / file.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.content)
        (folder / "index.json").write_text(text, encoding="utf-8")
    return folders


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--art", type=Path, required=True, help="folder with INDEX.tsv and art/")
    parser.add_argument("--icon-sets", type=Path, required=True, help="folder with unpacked icon sets")
    parser.add_argument(
        "--clip-art", type=Path, required=True, help="folder with SVG files of openclipart-svg"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder to write the pack into")
    parser.add_argument("--fonts", type=Path, default=Path("/usr/share/fonts"), help="folder with fonts")
    parser.add_argument(
        "--held-out", nargs="*", default=["horst", "crawl"], help="artists kept for validation"
    )
    parser.add_argument("--validation-limit", type=int, default=24, help="most validation images per artist")
    parser.add_argument("--sheets", type=int, default=160, help="sheets of vector drawings")
    parser.add_argument("--processes", type=int, default=2, help="processes that render these")
    parser.add_argument("--parts", type=int, default=1, help="folders to spread the pack over")
    arguments = parser.parse_args()
    if arguments.parts < 1:
        parser.error(f"expected --parts of at least 1, received {arguments.parts}")
    files = pack_art(arguments) + pack_drawings(arguments) + pack_lettering(arguments.fonts)
    for folder in write_pack(arguments.out, files, arguments.parts):
        written = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
        print(f"{folder}: {len(written)} files, {sum(written) / 2**20:.1f} MiB")


if __name__ == "__main__":
    main()
