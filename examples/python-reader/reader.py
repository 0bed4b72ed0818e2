"""Reads a book page by page through an upscaling worker.

python reader.py CACHE-FOLDER PAGE... -- WORKER-COMMAND...
"""

import argparse
import functools
import hashlib
import sys
from pathlib import Path
from typing import Dict, List, Optional, Set, Tuple

from bdreader_client import ConnectionLost, Request, RequestFailed, UpscaleClient

PREFETCH, VISIBLE = 0, 2
AHEAD, BEHIND = 3, 1


class UpscaledBook:
    """The pages of one book, upscaled around the one that is looked at. For one thread.

    `cache_folder` is one of its own for each version of the worker, model and set of options.
    """

    def __init__(self, pages: List[Path], cache_folder: Path, worker_command: List[str]) -> None:
        self._pages = pages
        self._cache_folder = cache_folder
        self._worker_command = worker_command
        self._client: Optional[UpscaleClient] = None
        self._requests: Dict[int, Request] = {}
        # In flight when a worker died: one of them may be why, so they are never prefetched again.
        self._suspects: Set[int] = set()

    def turn_to(self, visible: int) -> Tuple[Path, str]:
        """The file to show and where it comes from: the cache, the worker, or the original book."""
        self._keep_finished()
        if self._cached(visible).exists():
            self._prefetch_around(visible)
            return self._cached(visible), "cache"
        # The second try is a new worker's, and the page's alone.
        for is_retry in (False, True):
            try:
                request = self._request(visible, VISIBLE)
                if not is_retry:
                    self._prefetch_around(visible)
                request.result()
                self._keep_finished()
                return self._cached(visible), "worker"
            except ConnectionLost as lost:
                print(f"the worker is lost: {lost}", file=sys.stderr)
                self._suspects.update(self._requests)
                self._requests.clear()
            except RequestFailed as failure:
                print(f"page {visible + 1}: {failure}", file=sys.stderr)
                self._requests.pop(visible, None)
                break
        return self._pages[visible], "original"

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
        self._keep_finished()

    def _prefetch_around(self, visible: int) -> None:
        near = [*range(visible + 1, visible + 1 + AHEAD), *range(visible - BEHIND, visible)]
        for index in [index for index in self._requests if index != visible and index not in near]:
            self._requests.pop(index).cancel()
        for index in near:
            is_wanted = 0 <= index < len(self._pages) and index not in self._suspects
            if is_wanted and not self._cached(index).exists():
                self._request(index, PREFETCH)

    def _request(self, index: int, priority: int) -> Request:
        request = self._requests.get(index)
        if request is None:
            if self._client is None or self._client.lost:
                self._client = UpscaleClient.spawn(self._worker_command)
            request = self._client.upscale(self._pages[index].read_bytes(), priority=priority)
            self._requests[index] = request
        request.set_priority(priority)
        return request

    def _keep_finished(self) -> None:
        self._cache_folder.mkdir(parents=True, exist_ok=True)
        for index, request in list(self._requests.items()):
            if not request.future.done() or request.future.exception() is not None:
                continue
            path = self._cached(index)
            part = path.with_suffix(".part")
            part.write_bytes(request.result().data)
            part.replace(path)
            del self._requests[index]

    def _cached(self, index: int) -> Path:
        return self._cache_folder / f"{digest_of(self._pages[index])}.webp"


@functools.lru_cache(maxsize=None)
def digest_of(page: Path) -> str:
    return hashlib.sha256(page.read_bytes()).hexdigest()


def main() -> None:
    parser = argparse.ArgumentParser(description="Reads a book page by page through an upscaling worker.")
    parser.add_argument("cache_folder", type=Path)
    parser.add_argument("pages", type=Path, nargs="+")
    arguments, worker_command = sys.argv[1:], []
    if "--" in arguments:
        place = arguments.index("--")
        arguments, worker_command = arguments[:place], arguments[place + 1 :]
    if not worker_command:
        parser.error("expected the command of a worker after --")
    options = parser.parse_args(arguments)
    book = UpscaledBook(options.pages, options.cache_folder, worker_command)
    for index in range(len(options.pages)):
        path, source = book.turn_to(index)
        print(f"page {index + 1}: {path} (from the {source})", flush=True)
    book.close()


if __name__ == "__main__":
    main()
