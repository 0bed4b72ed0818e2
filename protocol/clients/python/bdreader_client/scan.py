"""Checks bytes against the protocol's subset of MessagePack before anything decodes them."""

import struct
from typing import Optional

from .errors import ProtocolViolation

MAX_NON_BIN_BYTES = 65_536
MAX_DEPTH = 8
MAX_ENTRIES = 64
MAX_STRING_BYTES = 4096

# First bytes and what follows them: github.com/msgpack/msgpack, spec.md.
_INTEGERS = {0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q", 0xD0: ">b", 0xD1: ">h", 0xD2: ">i", 0xD3: ">q"}
_SIZED = {
    0xC4: ("bin", ">B"),
    0xC5: ("bin", ">H"),
    0xC6: ("bin", ">I"),
    0xD9: ("string", ">B"),
    0xDA: ("string", ">H"),
    0xDB: ("string", ">I"),
    0xDC: ("array", ">H"),
    0xDD: ("array", ">I"),
    0xDE: ("map", ">H"),
    0xDF: ("map", ">I"),
}


def check_message(body: bytes) -> None:
    """Checks that `body` is exactly one legal message; iterative, so nesting cannot exhaust the stack.

    Raises ProtocolViolation at the first byte that breaks a rule of "Framing" in PROTOCOL.md.
    """
    _Scanner(body).scan()


class _Scanner:
    def __init__(self, body: bytes) -> None:
        self._body = body
        self._offset = 0
        self._bin_bytes = 0

    def scan(self) -> None:
        kind, entries = self._head()
        if kind != "map":
            raise self._violation("a map as the message", f"a {kind}")
        # For each open container the entries still to come and, for a map, the keys that were seen.
        containers: list[tuple[int, Optional[set[bytes]]]] = [(entries, set())]
        while containers:
            left, keys = containers.pop()
            if left == 0:
                continue
            containers.append((left - 1, keys))
            if keys is not None:
                self._key(keys)
            kind, size = self._head()
            if kind == "string":
                self._string(size)
            elif kind == "bin":
                self._bin_bytes += size
                self._skip(size)
            elif kind != "scalar":
                if len(containers) == MAX_DEPTH:
                    raise self._violation(f"at most {MAX_DEPTH} nested containers", "one more")
                containers.append((size, set() if kind == "map" else None))
        if self._offset < len(self._body):
            raise self._violation("the end of the message", "more bytes")

    def _key(self, keys: set[bytes]) -> None:
        kind, size = self._head()
        if kind != "string":
            raise self._violation("a string as key", f"a {kind}")
        key = self._string(size)
        if key in keys or key == b"__proto__":
            raise self._violation("distinct keys other than __proto__", repr(key))
        keys.add(key)

    def _head(self) -> tuple[str, int]:
        """The kind of the next value and the bytes or entries that follow; a scalar is read whole."""
        kind, size = self._kind_and_size()
        if kind in ("map", "array") and size > MAX_ENTRIES:
            raise self._violation(f"at most {MAX_ENTRIES} entries in a {kind}", str(size))
        if kind == "string" and size > MAX_STRING_BYTES:
            raise self._violation(f"at most {MAX_STRING_BYTES} bytes in a string", str(size))
        return kind, size

    def _kind_and_size(self) -> tuple[str, int]:
        first = self._number(">B")
        if first < 0x80 or first >= 0xE0 or first in (0xC0, 0xC2, 0xC3):
            return "scalar", 0
        if first < 0x90:
            return "map", first & 0x0F
        if first < 0xA0:
            return "array", first & 0x0F
        if first < 0xC0:
            return "string", first & 0x1F
        if first in _SIZED:
            kind, layout = _SIZED[first]
            return kind, self._number(layout)
        if first not in _INTEGERS:
            raise self._violation("no float, extension or 0xc1", hex(first))
        value = self._number(_INTEGERS[first])
        if not -(2**31) <= value < 2**32:
            raise self._violation("an integer from -2^31 to 2^32-1", str(value))
        return "scalar", 0

    def _number(self, layout: str) -> int:
        start = self._skip(struct.calcsize(layout))
        value: int = struct.unpack_from(layout, self._body, start)[0]
        return value

    def _string(self, size: int) -> bytes:
        start = self._skip(size)
        content = self._body[start : self._offset]
        try:
            content.decode("utf-8")
        except UnicodeDecodeError as error:
            raise self._violation("a string in UTF-8", str(error)) from error
        return content

    def _skip(self, count: int) -> int:
        """Passes over `count` bytes, which must be there; returns where they start."""
        start = self._offset
        if count > len(self._body) - start:
            raise self._violation(f"{count} more bytes", "the end of the frame")
        self._offset += count
        if self._offset - self._bin_bytes > MAX_NON_BIN_BYTES:
            raise self._violation(f"at most {MAX_NON_BIN_BYTES} bytes besides bins", "more")
        return start

    def _violation(self, expected: str, received: str) -> ProtocolViolation:
        return ProtocolViolation(f"expected {expected} near byte {self._offset}, received {received}")
