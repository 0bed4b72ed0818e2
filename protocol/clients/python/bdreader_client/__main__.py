"""Upscales one page: python -m bdreader_client page.jpg -o out.webp -- bdreader-ncnn-upscaler worker"""

import argparse
import sys
from pathlib import Path

from .client import UpscaleClient
from .errors import RequestFailed

FORMATS = {".webp": "webp", ".jpg": "jpeg", ".jpeg": "jpeg", ".png": "png"}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bdreader_client", description="Upscales one page.")
    parser.add_argument("page", type=Path, help="the image file")
    parser.add_argument("-o", "--output", type=Path, required=True, help="a .webp, .jpg or .png file")
    parser.add_argument("--quality", type=int, help="1 to 100; absent: the worker's choice")
    parser.add_argument("worker", nargs="+", help="after --: the command that starts a worker")
    arguments = parser.parse_args()
    output_format = FORMATS.get(arguments.output.suffix.lower())
    if output_format is None:
        parser.error(
            f"expected an output that ends in one of {', '.join(FORMATS)}, received {arguments.output}"
        )
    options = {"format": output_format, "priority": 2}
    if arguments.quality is not None:
        options["quality"] = arguments.quality

    def show(done: int, total: int) -> None:
        print(f"{done} of {total} tiles", file=sys.stderr)

    try:
        with UpscaleClient.spawn(arguments.worker) as client:
            result = client.upscale(arguments.page.read_bytes(), show, **options).result()
        arguments.output.write_bytes(result.data)
    except (OSError, RequestFailed) as error:
        print(f"{arguments.page}: {error}", file=sys.stderr)
        return 1
    print(f"{arguments.output}: {result.width} x {result.height} {result.format}, {len(result.data)} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
