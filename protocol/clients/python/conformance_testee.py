"""Lets the conformance kit drive this client: operations come as JSON lines on stdin, events go to stdout.

CONFORMANCE_WORKER holds the worker's command as a JSON array.
"""

import base64
import hashlib
import json
import os
import queue
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any, Optional

from bdreader_client import ConnectionLost, Request, RequestFailed, Result, UpscaleClient

CAPABILITIES = ["progress", "update"]
OPTIONS = ("priority", "timeout_ms", "quality", "format")

_output_lock = threading.Lock()


def emit(event: str, **fields: Any) -> None:
    with _output_lock:
        print(json.dumps({"event": event, **fields}), flush=True)


def emit_failure(key: str, failure: RequestFailed) -> None:
    emit("error", key=key, code=failure.code, retryable=failure.retryable)


def emit_answer(key: str, answer: "Future[Result]") -> None:
    failure = answer.exception()
    if isinstance(failure, RequestFailed):
        emit_failure(key, failure)
        return
    result = answer.result()
    digest = hashlib.sha256(result.data).hexdigest()
    size = {"width": result.width, "height": result.height}
    emit("result", key=key, **size, format=result.format, sha256=digest, warnings=result.warnings)


class Page:
    """One key of the kit. It has no request while it waits for its turn."""

    def __init__(self, operation: dict[str, Any]) -> None:
        self.key: str = operation["key"]
        self.data = base64.b64decode(operation["data"])
        self.options = {name: operation[name] for name in OPTIONS if name in operation}
        self.wants_progress = operation.get("progress", False)
        self.is_cancelled = False
        self.request: Optional[Request] = None

    def report_progress(self, done: int, total: int) -> None:
        emit("progress", key=self.key, done=done, total=total)


class Testee:
    """Carries out operations at once, though `upscale` may have to wait.

    A thread of its own submits the pages in order.
    """

    def __init__(self, client: UpscaleClient) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._pages: dict[str, Page] = {}
        self._submissions: queue.Queue[Optional[Page]] = queue.Queue()

    def run(self) -> None:
        submitter = threading.Thread(target=self._submit_all)
        watcher = threading.Thread(target=self._watch)
        submitter.start()
        watcher.start()
        for operation in read_operations():
            self._carry_out(operation)
        self._submissions.put(None)
        submitter.join()
        exit_code = self._client.close()
        watcher.join()
        emit("closed", exit_code=exit_code)

    def _carry_out(self, operation: dict[str, Any]) -> None:
        if operation["op"] == "upscale":
            page = Page(operation)
            self._pages[page.key] = page
            self._submissions.put(page)
            return
        page = self._pages[operation["key"]]
        with self._lock:
            if operation["op"] == "cancel":
                self._cancel(page)
            elif operation["op"] == "update":
                page.options["priority"] = operation["priority"]
                if page.request is not None:
                    page.request.set_priority(operation["priority"])

    def _cancel(self, page: Page) -> None:
        if page.request is not None:
            page.request.cancel()
        elif not page.is_cancelled:
            page.is_cancelled = True
            emit("error", key=page.key, code="cancelled", retryable=False)

    def _submit_all(self) -> None:
        for page in iter(self._submissions.get, None):
            if not page.is_cancelled:
                self._submit(page)

    def _submit(self, page: Page) -> None:
        sent = dict(page.options)
        try:
            request = self._client.upscale(
                page.data, page.report_progress if page.wants_progress else None, **sent
            )
        except ValueError:
            emit("error", key=page.key, code="invalid_request", retryable=False)
            return
        with self._lock:
            page.request = request
            if page.is_cancelled:
                request.cancel()
                return
            if page.options != sent:
                request.set_priority(page.options["priority"])
        request.future.add_done_callback(lambda answer: emit_answer(page.key, answer))

    def _watch(self) -> None:
        try:
            self._client.ready()
            emit("ready")
        except ConnectionLost:
            pass  # Told below, as every other loss.
        self._client.wait()
        if self._client.process.returncode != 0:
            emit("lost", reason=str(self._client.lost))


def read_operations() -> Iterator[dict[str, Any]]:
    for line in sys.stdin:
        operation = json.loads(line)
        if operation["op"] == "close":
            return
        yield operation


def main() -> None:
    emit("hello", capabilities=CAPABILITIES)
    try:
        client = UpscaleClient.spawn(json.loads(os.environ["CONFORMANCE_WORKER"]))
    except (OSError, ConnectionLost) as error:
        emit("lost", reason=str(error))
        for operation in read_operations():
            if operation["op"] == "upscale":
                emit_failure(operation["key"], ConnectionLost(str(error)))
        emit("closed", exit_code=None)
        return
    Testee(client).run()


if __name__ == "__main__":
    main()
