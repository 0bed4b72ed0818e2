"""Make the data pack: art re-encoded for training, validation art as it is, lettering sheets, an index.

    python pack_data.py --art FOLDER --out PACK

FOLDER holds INDEX.tsv (columns file, licence, author, ...) and art/. Whole artists (by default horst and
crawl) are held out for validation and copied unchanged. Training art is area-downscaled, which also washes
out the marks of its own JPEG compression. PACK/index.json names every file with its sha256, its origin,
licence and author, so that a run can state exactly what it was trained on.
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
from pathlib import Path
from typing import Any

from PIL import Image

from lettering import find_fonts, render_sheet

JPEG_444 = 0
LETTERING_SHEETS = 32
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


def write_entry(out: Path, file: str, content: bytes, **facts: str) -> dict[str, Any]:
    """Write one file of the pack and return its line of the index."""
    path = out / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return {"file": file, "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content), **facts}


def pack(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """Write all files; returns the index, sorted by file."""
    with open(arguments.art / "INDEX.tsv", encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))
    held_out = set(arguments.held_out)
    rows = [row for row in rows if artist_of(row["file"]) not in held_out] + [
        row for artist in arguments.held_out for row in spread(rows, artist, arguments.validation_limit)
    ]

    def pack_art(row: dict[str, str]) -> dict[str, Any]:
        source = arguments.art / "art" / row["file"]
        artist = artist_of(row["file"])
        facts = {"artist": artist, "licence": row["licence"], "author": row["author"], "origin": row["repo"]}
        if artist in held_out:
            return write_entry(arguments.out, f"validation/{row['file']}", source.read_bytes(), **facts)
        content = shrink(source, arguments.large_factor, arguments.small_factor, arguments.quality)
        return write_entry(arguments.out, f"training/{row['file']}", content, **facts)

    with ThreadPoolExecutor(arguments.threads) as threads:
        index = list(threads.map(pack_art, rows))
    rng = random.Random(SEED)
    fonts = find_fonts(arguments.fonts)
    for number in range(LETTERING_SHEETS):
        buffer = io.BytesIO()
        render_sheet(fonts, LETTERING_SIZE, rng).save(buffer, "PNG", optimize=True)
        index.append(write_entry(arguments.out, f"lettering/{number:02}.png", buffer.getvalue()))
    return sorted(index, key=lambda entry: entry["file"])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--art", type=Path, required=True, help="folder with INDEX.tsv and art/")
    parser.add_argument("--out", type=Path, required=True, help="folder to write the pack into")
    parser.add_argument(
        "--fonts", type=Path, default=Path("/usr/share/fonts"), help="folder with TrueType fonts"
    )
    parser.add_argument(
        "--held-out", nargs="*", default=["horst", "crawl"], help="artists kept for validation"
    )
    parser.add_argument("--large-factor", type=float, default=1.75, help="downscaling of images over 1200 px")
    parser.add_argument("--small-factor", type=float, default=1.3, help="downscaling of smaller images")
    parser.add_argument("--quality", type=int, default=88, help="JPEG quality of the training art")
    parser.add_argument("--validation-limit", type=int, default=24, help="most validation images per artist")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    index = pack(arguments)
    (arguments.out / "index.json").write_text(
        json.dumps(index, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    print(f"{len(index)} files, {sum(entry['bytes'] for entry in index) / 2**20:.1f} MiB")


if __name__ == "__main__":
    main()
