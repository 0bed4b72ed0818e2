"""One page that was sent: its answer, and what can still be changed about it."""

from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Callable, Optional

from .errors import ProtocolViolation

ProgressCallback = Callable[[int, int], None]


@dataclass(frozen=True)
class Result:
    """The encoded output and what the worker says about it; `fields` has the whole message but its data."""

    width: int
    height: int
    format: str
    warnings: list[str]
    data: bytes
    fields: dict[str, Any]

    @classmethod
    def from_message(cls, message: dict[str, Any]) -> "Result":
        """Raises ProtocolViolation when a field is missing or of the wrong type."""
        warnings = require(message, "warnings", list)
        if not all(isinstance(warning, str) for warning in warnings):
            raise ProtocolViolation(f"expected strings as warnings, received {warnings!r:.80}")
        return cls(
            width=require(message, "width", int),
            height=require(message, "height", int),
            format=require(message, "format", str),
            warnings=warnings,
            data=require(message, "data", bytes),
            fields={name: value for name, value in message.items() if name != "data"},
        )


class Request:
    """A request whose answer may still be coming. Its methods may be called from any thread."""

    def __init__(
        self,
        request_id: int,
        size: int,
        on_progress: Optional[ProgressCallback],
        send: Callable[[dict[str, Any]], None],
    ) -> None:
        self.id = request_id
        self.size = size
        self.on_progress = on_progress
        # Running from the start: Future.cancel() then changes nothing, and `cancel` below asks the worker.
        self.future: Future[Result] = Future()
        self.future.set_running_or_notify_cancel()
        self._send = send

    def result(self, timeout: Optional[float] = None) -> Result:
        """Waits for the answer, `timeout` in seconds.

        Raises RequestFailed, ConnectionLost among it; concurrent.futures.TimeoutError changes nothing.
        """
        return self.future.result(timeout)

    def cancel(self) -> None:
        """Asks the worker to stop; `result` then raises the code `cancelled`, unless it was too late."""
        if not self.future.done():
            self._send({"t": "cancel", "id": self.id})

    def set_priority(self, priority: int) -> None:
        """0 prefetch, 1 normal, 2 visible."""
        if not self.future.done():
            self._send({"t": "update", "id": self.id, "priority": priority})


def require(message: dict[str, Any], name: str, kind: type) -> Any:
    """The field `name`. Raises ProtocolViolation when it is absent or no `kind`."""
    value = message.get(name)
    # bool is an int to isinstance, but not to the protocol.
    if type(value) is not kind:
        raise ProtocolViolation(
            f"expected {kind.__name__} as {name} of {message['t']}, received {value!r:.80}"
        )
    return value
