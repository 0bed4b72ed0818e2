"""Upscales pages with sr-vulkan, warm and in this process, as a reader that embeds it does; asked by `bench peers`.

One JSON object a line on standard input, one answer a line on standard output, in turn. A request that fails is
answered by {"t": "error", "message": ...}; pages of it may still be in the library then, so nothing more should be
asked. Ends when the input ends, whatever it is doing.

    {"t": "open", "gpu", "threads", "quality", "pages"} -> {"t": "open", "version", "device"}
        gpu: {"index", "name"}, null for the CPU; threads: {"decode", "upscale", "encode", "cpu"}; quality: of WebP;
        pages: paths, read into memory
    {"t": "model", "model"} -> {"t": "model", "sha256"}             of the weights
    {"t": "upscale", "model", "format", "tile", "pages", "keep"} -> {"t": "upscale", "ms", "bytes"}
        pages: positions in the list of `open`, all given to the library at once; keep: file for the first, or null
"""

from __future__ import annotations

import hashlib
import json
import os
import queue
import sys
import threading
import time
from pathlib import Path
from typing import Any, TextIO

SCALE = 2.0
CPU = -1


class RequestFailed(Exception):
    """The request cannot be done."""


def read_requests(requests: queue.Queue[dict[str, Any]]) -> None:
    """Its own thread: the library may be waiting for a page that never comes when the other side goes away."""
    for line in sys.stdin:
        requests.put(json.loads(line))
    os._exit(0)


class Peer:
    """The library with the pages in memory."""

    def __init__(self, pages: list[bytes], library: Any) -> None:
        self._pages = pages
        self._library = library
        self._warm: set[tuple[str, int]] = set()

    @classmethod
    def open(cls, request: dict[str, Any]) -> tuple[Peer, dict[str, Any]]:
        """Loads the library and starts its threads."""
        try:
            from sr_vulkan import sr_vulkan
        except ImportError as cause:
            raise RequestFailed(f"cannot import sr_vulkan: {cause}") from cause
        pages = [Path(path).read_bytes() for path in request["pages"]]
        is_without_vulkan = sr_vulkan.init() < 0
        names = [] if is_without_vulkan else sr_vulkan.getGpuInfo() or []
        index = _device_index(request["gpu"], names)
        threads = request["threads"]
        # Only before initSet: it starts the threads.
        counts = threads["decode"], threads["upscale"], threads["encode"]
        _expect_zero("setThreadNum", sr_vulkan.setThreadNum(*counts), sr_vulkan)
        _expect_zero("initSet", sr_vulkan.initSet(index, threads["cpu"] if index == CPU else 0), sr_vulkan)
        _expect_zero("setWebpQuality", sr_vulkan.setWebpQuality(request["quality"]), sr_vulkan)
        device = "CPU" if index == CPU else names[index]
        return cls(pages, sr_vulkan), {"version": sr_vulkan.getVersion(), "device": device}

    def model(self, request: dict[str, Any]) -> dict[str, Any]:
        """Looks for a model's weights."""
        name: str = request["model"]
        family = name.split("_")[0].lower()
        site = Path(self._library.__file__).parent.parent
        weights = site / f"sr_vulkan_model_{family}" / "models" / f"{name}.bin"
        if not weights.is_file():
            raise RequestFailed(f"expected the weights of {name} in sr_vulkan_model_{family}, found none")
        return {"sha256": hashlib.sha256(weights.read_bytes()).hexdigest()}

    def upscale(self, request: dict[str, Any]) -> dict[str, Any]:
        """Times pages from bytes to bytes; the first use of a model and a tile side is not timed."""
        name, image_format, tile = request["model"], request["format"], request["tile"]
        pages: list[int] = request["pages"]
        if (name, tile) not in self._warm:
            self._run(name, image_format, tile, pages[:1])
            self._warm.add((name, tile))
        started = time.perf_counter()
        results = self._run(name, image_format, tile, pages)
        seconds = time.perf_counter() - started
        if request["keep"] is not None:
            Path(request["keep"]).write_bytes(results[0])
        return {"ms": seconds * 1000, "bytes": sum(map(len, results.values()))}

    def _run(self, name: str, image_format: str, tile: int, pages: list[int]) -> dict[int, bytes]:
        """Upscales pages at once; the result is by position in `pages`."""
        model = getattr(self._library, f"MODEL_{name}", None)
        if model is None:
            raise RequestFailed(f"expected a model of sr_vulkan, received {name}")
        for position, page in enumerate(pages):
            options = {"format": image_format, "tileSize": tile}
            status = self._library.add(self._pages[page], model, position, SCALE, **options)
            if status <= 0:
                raise RequestFailed(f"add of {name} returned {status}: {self._library.getLastError()}")
        results: dict[int, bytes] = {}
        for _ in pages:
            loaded = self._library.load(0)
            if loaded is None or loaded[0] is None:
                raise RequestFailed(f"{name} gave no image: {self._library.getLastError()}")
            data, _, position, _ = loaded
            results[position] = data
        return results


def _device_index(gpu: dict[str, Any] | None, names: list[str]) -> int:
    """By name where that is known: two libraries may count devices differently."""
    if gpu is None:
        return CPU
    if gpu["name"] in names:
        return names.index(gpu["name"])
    if gpu["name"] is None and gpu["index"] < len(names):
        return int(gpu["index"])
    raise RequestFailed(f"expected the GPU {gpu['name'] or gpu['index']}, sr_vulkan found {names or 'none'}")


def _expect_zero(what: str, status: int, library: Any) -> None:
    if status != 0:
        raise RequestFailed(f"{what} returned {status}: {library.getLastError()}")


def serve(answers: TextIO) -> None:
    """Answers until the input ends."""
    requests: queue.Queue[dict[str, Any]] = queue.Queue()
    threading.Thread(target=read_requests, args=(requests,), daemon=True).start()
    peer: Peer | None = None
    while True:
        request = requests.get()
        try:
            if request["t"] == "open":
                peer, answer = Peer.open(request)
            elif peer is None:
                raise RequestFailed(f"expected open first, received {request['t']}")
            else:
                answer = {"model": peer.model, "upscale": peer.upscale}[request["t"]](request)
            answer = {"t": request["t"], **answer}
        except (RequestFailed, OSError) as failure:
            answer = {"t": "error", "message": str(failure)}
        answers.write(f"{json.dumps(answer)}\n")
        answers.flush()


if __name__ == "__main__":
    # The library and the driver print to standard output, which is for answers alone.
    private = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    serve(private)
