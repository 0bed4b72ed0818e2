"""Frames of the protocol: a big-endian length, then one message. See "Framing" in PROTOCOL.md."""

import struct
from typing import IO, Any, Optional

import msgpack

from .errors import ProtocolViolation
from .scan import check_message

Message = dict[str, Any]

MAX_FRAME_BYTES = 128 * 1024 * 1024

_READ_BYTES = 1024 * 1024


def encode_frame(message: Message, max_frame: int = MAX_FRAME_BYTES) -> bytes:
    """The frame of one message.

    Raises ValueError for one that the worker would have to take as a breach of the protocol.
    """
    try:
        body: bytes = msgpack.packb(message)
        check_message(body)
    except (ProtocolViolation, TypeError, OverflowError) as error:
        raise ValueError(f"cannot send this message: {error}") from error
    if len(body) > max_frame:
        raise ValueError(f"expected a message of at most {max_frame} bytes, received {len(body)}")
    return struct.pack(">I", len(body)) + body


def read_message(stream: IO[bytes]) -> Optional[Message]:
    """The next message of a blocking stream; None when the stream ends between frames.

    Raises ProtocolViolation; the stream is of no use afterwards.
    """
    header = _read_up_to(stream, 4)
    if not header:
        return None
    if len(header) < 4:
        raise ProtocolViolation("expected a whole frame, received the end of the stream")
    length = struct.unpack(">I", header)[0]
    if not 1 <= length <= MAX_FRAME_BYTES:
        raise ProtocolViolation(
            f"expected a length of 1 to {MAX_FRAME_BYTES}, received {length} ({header!r})"
        )
    body = _read_up_to(stream, length)
    if len(body) < length:
        raise ProtocolViolation("expected a whole frame, received the end of the stream")
    check_message(body)
    message: Message = msgpack.unpackb(body)
    if not isinstance(message.get("t"), str):
        raise ProtocolViolation(f"expected a string for t, received {message.get('t')!r:.80}")
    return message


def _read_up_to(stream: IO[bytes], count: int) -> bytes:
    """Fewer bytes than `count` only at the end. Memory grows with what arrives, not with what is claimed."""
    data = bytearray()
    while len(data) < count:
        chunk = stream.read(min(count - len(data), _READ_BYTES))
        if not chunk:
            break
        data += chunk
    return bytes(data)
