"""A worker process and the conversation with it."""

import logging
import os
import queue
import subprocess
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from types import TracebackType
from typing import Any, Optional

from .errors import ConnectionLost, ProtocolViolation, RequestFailed
from .request import ProgressCallback, Request, Result, require
from .wire import MAX_FRAME_BYTES, Message, encode_frame, read_message

PROTOCOL_VERSION = 1
MAX_REQUEST_ID = 2**32 - 2

OPTIONS = frozenset(
    "model scale noise tile fit format quality effort lossless priority timeout_ms".split(),
)

# Frames that may wait for the writer; images among them are bounded by the worker's own limits besides.
_MAX_OUTGOING = 1024
# How long a worker that has said its last word, or takes no more input, may stay.
_LINGER_SECONDS = 5.0

_log = logging.getLogger(__name__)


class UpscaleClient:
    """The client's end of one worker process. Every method may be called from any thread.

    Callbacks run on the thread that reads from the worker: they must be quick, may cancel and change
    requests, and may not call `upscale` or `close`. The worker's log goes to this process's standard error.
    """

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        if process.stdin is None or process.stdout is None:
            raise ValueError("expected a process whose standard input and output are pipes")
        self.process = process
        self._to_worker, self._from_worker = process.stdin, process.stdout
        self.lost: Optional[ConnectionLost] = None
        self._changed = threading.Condition()
        self._pending: dict[int, Request] = {}
        self._in_flight_bytes = 0
        self._is_closing = False
        self._last_id = 0
        self._limits: dict[str, int] = {}
        self._hello: Future[Message] = Future()
        self._ready: Future[Message] = Future()
        self._ended = threading.Event()
        self._outgoing: queue.Queue[Optional[bytes]] = queue.Queue(_MAX_OUTGOING)
        # Daemons: a program that forgets `close` still ends, and its worker with it.
        self._reader = threading.Thread(target=self._read_loop, name="bdreader-reader", daemon=True)
        self._writer = threading.Thread(target=self._write_loop, name="bdreader-writer", daemon=True)
        self._reader.start()
        self._writer.start()

    @classmethod
    def spawn(cls, command: Sequence[str], hello_timeout: float = 10.0) -> "UpscaleClient":
        """Starts a worker and exchanges hellos; its model may still be loading.

        Raises OSError when the command cannot be started, ConnectionLost when no usable hello comes.
        """
        client = cls(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE))
        try:
            client._hello.result(hello_timeout)
        except FutureTimeoutError:
            client.process.kill()
            raise ConnectionLost(f"expected a hello within {hello_timeout} s, received none") from None
        identity = {"name": "bdreader-client-python", "version": "0.1.0"}
        hello = {"t": "hello", "proto": PROTOCOL_VERSION, "client": identity, "parent_pid": os.getpid()}
        client._send(hello)
        return client

    def ready(self, timeout: Optional[float] = None) -> Message:
        """The worker's `ready` message, once its model is loaded; waits `timeout` seconds for it.

        Raises ConnectionLost, or concurrent.futures.TimeoutError.
        """
        return self._ready.result(timeout)

    def upscale(self, data: bytes, on_progress: Optional[ProgressCallback] = None, **options: Any) -> Request:
        """Sends one encoded page; waits while the worker has as much in flight as it takes.

        Options are the fields of `upscale` in PROTOCOL.md. Once the worker is lost, requests fail at once.
        Raises TypeError for an unknown option, ValueError for a message that no worker takes.
        """
        self._refuse_on_reader("upscale")
        unknown = options.keys() - OPTIONS
        if unknown:
            raise TypeError(f"expected options among {sorted(OPTIONS)}, received {sorted(unknown)}")
        if on_progress is not None:
            options["progress"] = True
        with self._changed:
            request = Request(self._free_id(), len(data), on_progress, self._send)
        # `data` last, as the protocol recommends.
        message = {"t": "upscale", "id": request.id, **options, "data": bytes(data)}
        frame = encode_frame(message, self._limits["max_frame"])
        with self._changed:
            self._changed.wait_for(lambda: self.lost or self._is_closing or self._has_room(request.size))
            if self.lost or self._is_closing:
                request.future.set_exception(self.lost or ConnectionLost("the client is closed"))
                return request
            self._pending[request.id] = request
            self._in_flight_bytes += request.size
        self._outgoing.put(frame)
        return request

    def close(self, mode: str = "drain", timeout: float = 30.0) -> int:
        """Ends the worker: once what is in flight is done (`drain`), or soon (`now`). May be called again.

        A worker that is still there after `timeout` seconds is killed.
        Returns the worker's exit code, negative for a signal.
        """
        self._refuse_on_reader("close")
        with self._changed:
            is_first, self._is_closing = not self._is_closing, True
            self._changed.notify_all()
        try:
            if is_first:
                self._outgoing.put(encode_frame({"t": "shutdown", "mode": mode}), timeout=timeout)
            if not self._ended.wait(timeout):
                self.process.kill()
        except queue.Full:
            self.process.kill()
        # A process that the worker itself started may hold its output open; that must not hold up this one.
        self._ended.wait(_LINGER_SECONDS)
        return self.process.wait()

    def wait(self, timeout: Optional[float] = None) -> bool:
        """Waits for the end of the worker, however it comes; every request is answered by then."""
        return self._ended.wait(timeout)

    def __enter__(self) -> "UpscaleClient":
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.close("drain" if error is None else "now")

    def _refuse_on_reader(self, method: str) -> None:
        if threading.current_thread() is self._reader:
            raise RuntimeError(
                f"expected {method} outside callbacks: it would wait for the thread that it runs on"
            )

    def _has_room(self, size: int) -> bool:
        # An image past the limit by itself is for the worker to refuse.
        bytes_fit = self._in_flight_bytes + size <= self._limits["max_in_flight_bytes"] or not self._pending
        return bytes_fit and len(self._pending) < self._limits["max_in_flight"]

    def _free_id(self) -> int:
        while True:
            self._last_id = self._last_id % MAX_REQUEST_ID + 1
            if self._last_id not in self._pending:
                return self._last_id

    def _send(self, message: Message) -> None:
        self._outgoing.put(encode_frame(message))

    def _write_loop(self) -> None:
        """Never stops taking frames, so that nobody waits in `put` for a worker that is gone."""
        is_broken = False
        for frame in iter(self._outgoing.get, None):
            if is_broken or self.lost:
                continue
            try:
                self._to_worker.write(frame)
                self._to_worker.flush()
            except OSError:
                # Answers may still be on their way: the reader goes on until the process has ended.
                is_broken = True
                threading.Thread(target=self._end_process, daemon=True).start()
        try:
            self._to_worker.close()
        except OSError:
            pass  # What is still buffered was for a worker that is gone.

    def _read_loop(self) -> None:
        lost = ConnectionLost("the worker has ended its output")
        try:
            while True:
                message = read_message(self._from_worker)
                if message is None:
                    break
                self._receive(message)
        except ConnectionLost as last_word:
            lost = last_word
        except ProtocolViolation as violation:
            lost = ConnectionLost(f"the worker broke the protocol: {violation}")
            self.process.kill()
        except Exception as error:  # Whatever it is, nobody may wait for answers that nobody reads.
            lost = ConnectionLost(f"reading from the worker failed: {error!r}")
            self.process.kill()
        self._lose(lost)
        # On another thread: the writer may be stuck with a worker that reads nothing, until that is killed.
        threading.Thread(target=self._outgoing.put, args=(None,), daemon=True).start()
        self._end_process()
        self._writer.join()
        self._from_worker.close()
        self._ended.set()

    def _receive(self, message: Message) -> None:
        """Raises ConnectionLost after the worker's last message, ProtocolViolation for an illegal one."""
        kind = message["t"]
        if kind == "hello":
            self._receive_hello(message)
        elif kind == "ready":
            _settle(self._ready, message)
        elif kind == "result":
            self._answer(message, Result.from_message(message))
        elif kind == "error":
            code, text = require(message, "code", str), require(message, "message", str)
            self._answer(message, RequestFailed(code, text, require(message, "retryable", bool)))
        elif kind == "progress":
            self._report_progress(message)
        elif kind == "fatal":
            raise ConnectionLost(f"{require(message, 'code', str)}: {require(message, 'message', str)}")
        elif kind == "bye":
            raise ConnectionLost("the worker said bye")

    def _receive_hello(self, message: Message) -> None:
        versions, limits = require(message, "proto", list), require(message, "limits", dict)
        if PROTOCOL_VERSION not in versions:
            raise ProtocolViolation(
                f"expected a worker that speaks version {PROTOCOL_VERSION}, received {versions!r:.80}"
            )
        for name in ("max_frame", "max_in_flight", "max_in_flight_bytes"):
            value = limits.get(name)
            if type(value) is not int or value < 1:
                raise ProtocolViolation(f"expected a positive integer as {name}, received {value!r:.80}")
        self._limits = {**limits, "max_frame": min(limits["max_frame"], MAX_FRAME_BYTES)}
        _settle(self._hello, message)

    def _answer(self, message: Message, answer: "Result | RequestFailed") -> None:
        request_id = require(message, "id", int)
        with self._changed:
            request = self._pending.pop(request_id, None)
            if request is None:
                raise ProtocolViolation(f"expected an answer to a live request, received one to {request_id}")
            self._in_flight_bytes -= request.size
            self._changed.notify_all()
        _settle(request.future, answer)

    def _report_progress(self, message: Message) -> None:
        done, total = require(message, "done", int), require(message, "total", int)
        request = self._pending.get(require(message, "id", int))
        if request is None or request.on_progress is None:
            return
        try:
            request.on_progress(done, total)
        except Exception:
            _log.exception("a progress callback failed")

    def _lose(self, lost: ConnectionLost) -> None:
        with self._changed:
            self.lost = lost
            abandoned, self._pending = list(self._pending.values()), {}
            self._changed.notify_all()
        _settle(self._hello, lost)
        _settle(self._ready, lost)
        for request in abandoned:
            _settle(request.future, lost)

    def _end_process(self) -> None:
        try:
            self.process.wait(_LINGER_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def _settle(future: "Future[Any]", outcome: Any) -> None:
    if future.done():
        return
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)
