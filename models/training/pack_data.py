"""Make the data pack: art re-encoded for training, validation art as it is, lettering sheets, an index.

    python pack_data.py --art FOLDER --out PACK [--parts 2]

FOLDER holds INDEX.tsv (columns file, licence, author, ...) and art/. Whole artists (by default horst and
crawl) are held out for validation and copied unchanged. Training art is area-downscaled, which also washes
out the marks of its own JPEG compression. PACK/index.json names every file with its sha256, its origin,
licence and author, so that a run can state exactly what it was trained on.

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
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from lettering import FontLibrary, render_sheet

JPEG_444 = 0
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


def shrink(source: Path, large_factor: float, small_factor: float, quality: int) -> bytes:
    """Area-downscale (images over 1200 px by large_factor, others by small_factor), as 4:4:4 JPEG bytes."""
    with Image.open(source) as opened:
        image = opened.convert("L" if opened.mode == "L" else "RGB")
    factor = large_factor if max(image.size) > 1200 else small_factor
    size = (round(image.width / factor), round(image.height / factor))
    buffer = io.BytesIO()
    image.resize(size, Image.Resampling.BOX).save(
        buffer, "JPEG", quality=quality, subsampling=JPEG_444, optimize=True, progressive=True
    )
    return buffer.getvalue()


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
    """Training art shrunk, validation art as it is."""
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
        if artist in held_out:
            return PackFile(f"validation/{row['file']}", source.read_bytes(), facts)
        content = shrink(source, arguments.large_factor, arguments.small_factor, arguments.quality)
        return PackFile(f"training/{row['file']}", content, facts)

    with ThreadPoolExecutor(arguments.threads) as threads:
        return list(threads.map(pack_row, rows))


def pack_lettering(fonts: Path) -> list[PackFile]:
    """Sheets of lettering, lossless."""
    rng = random.Random(SEED)
    library = FontLibrary(fonts)

    def pack_sheet(number: int) -> PackFile:
        buffer = io.BytesIO()
        script = library.script_at((number + 0.5) / LETTERING_SHEETS)
        sheet = render_sheet(library, script, LETTERING_SIZE, rng)
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
    parser.add_argument("--out", type=Path, required=True, help="folder to write the pack into")
    parser.add_argument("--fonts", type=Path, default=Path("/usr/share/fonts"), help="folder with fonts")
    parser.add_argument(
        "--held-out", nargs="*", default=["horst", "crawl"], help="artists kept for validation"
    )
    parser.add_argument("--large-factor", type=float, default=1.25, help="downscaling of images over 1200 px")
    parser.add_argument("--small-factor", type=float, default=1.3, help="downscaling of smaller images")
    parser.add_argument("--quality", type=int, default=92, help="JPEG quality of the training art")
    parser.add_argument("--validation-limit", type=int, default=24, help="most validation images per artist")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--parts", type=int, default=1, help="folders to spread the pack over")
    arguments = parser.parse_args()
    if arguments.parts < 1:
        parser.error(f"expected --parts of at least 1, received {arguments.parts}")
    files = pack_art(arguments) + pack_lettering(arguments.fonts)
    for folder in write_pack(arguments.out, files, arguments.parts):
        written = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
        print(f"{folder}: {len(written)} files, {sum(written) / 2**20:.1f} MiB")


if __name__ == "__main__":
    main()
