"""What can go wrong between a client and its worker."""


class ProtocolViolation(Exception):
    """Bytes or fields that PROTOCOL.md forbids."""


class RequestFailed(Exception):
    """A request that ended without an image.

    ``code`` is the worker's, see PROTOCOL.md; ``retryable`` says whether the same request may succeed later.
    """

    def __init__(self, code: str, message: str, retryable: bool) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.retryable = retryable


class ConnectionLost(RequestFailed):
    """The worker ended, said ``fatal`` or broke the protocol before it answered."""

    def __init__(self, reason: str) -> None:
        super().__init__("connection_lost", reason, retryable=True)
