"""Bytes that the wire must take, and those that it must not."""

import io
import struct
import unittest

from bdreader_client.errors import ProtocolViolation
from bdreader_client.wire import encode_frame, read_message


def frame(body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + body


def nested(depth: int) -> bytes:
    """A message with `depth` containers inside one another, itself included."""
    return b"\x82\xa1t\xa1x\xa1a" + b"\x91" * (depth - 1) + b"\xc0"


LEGAL = {
    "2^32-1 in 64 bits": b"\x82\xa1t\xa1x\xa1a\xcf\x00\x00\x00\x00\xff\xff\xff\xff",
    "-2^31 in 64 bits": b"\x82\xa1t\xa1x\xa1a\xd3\xff\xff\xff\xff\x80\x00\x00\x00",
    "8 containers": nested(8),
    "lengths in any width": b"\xdf\x00\x00\x00\x01\xdb\x00\x00\x00\x01t\xda\x00\x01x",
    "64 entries": b"\x82\xa1t\xa1x\xa1a\xdc\x00\x40" + b"\xc0" * 64,
}
ILLEGAL = {
    "no map": b"\x91\xc0",
    "no t": b"\x81\xa1a\xa1x",
    "a number as t": b"\x81\xa1t\x01",
    "bytes after it": b"\x81\xa1t\xa1x\xc0",
    "a float": b"\x82\xa1t\xa1x\xa1a\xca\x00\x00\x00\x00",
    "an extension": b"\x82\xa1t\xa1x\xa1a\xd4\x01\x00",
    "0xc1": b"\x82\xa1t\xa1x\xa1a\xc1",
    "a key twice": b"\x82\xa1t\xa1x\xa1t\xa1y",
    "a number as key": b"\x82\xa1t\xa1x\x01\xc0",
    "__proto__": b"\x82\xa1t\xa1x\xa9__proto__\xc0",
    "no UTF-8": b"\x81\xa1t\xa1\xff",
    "2^32": b"\x82\xa1t\xa1x\xa1a\xcf\x00\x00\x00\x01\x00\x00\x00\x00",
    "-2^31-1": b"\x82\xa1t\xa1x\xa1a\xd3\xff\xff\xff\xff\x7f\xff\xff\xff",
    "9 containers": nested(9),
    "a depth bomb": nested(100_000),
    "65 entries": b"\x82\xa1t\xa1x\xa1a\xdc\x00\x41" + b"\xc0" * 65,
    "a length without content": b"\x82\xa1t\xa1x\xa1a\xc6\x7f\xff\xff\xff",
    "a long string": b"\x82\xa1t\xa1x\xa1a\xda\x10\x01" + b"a" * 4097,
    "much besides bins": b"\x82\xa1t\xa1x\xa1a\xdc\x00\x11" + (b"\xda\x10\x00" + b"a" * 4096) * 17,
}


class ReadMessageTest(unittest.TestCase):
    def test_takes_every_legal_form(self) -> None:
        for name, body in LEGAL.items():
            with self.subTest(name):
                self.assertEqual(read_message(io.BytesIO(frame(body)))["t"], "x")

    def test_refuses_what_the_protocol_forbids(self) -> None:
        for name, body in ILLEGAL.items():
            with self.subTest(name), self.assertRaises(ProtocolViolation):
                read_message(io.BytesIO(frame(body)))

    def test_refuses_lengths_out_of_bounds_before_it_reads_on(self) -> None:
        for header in (b"\x00\x00\x00\x00", b"\x08\x00\x00\x01", b"text"):
            with (
                self.subTest(header),
                self.assertRaisesRegex(ProtocolViolation, "a length of 1 to 134217728"),
            ):
                read_message(io.BytesIO(header))

    def test_tells_the_end_between_frames_from_the_end_inside_one(self) -> None:
        whole = encode_frame({"t": "x"})
        self.assertIsNone(read_message(io.BytesIO(b"")))
        for length in range(1, len(whole)):
            with self.subTest(length), self.assertRaisesRegex(ProtocolViolation, "the end of the stream"):
                read_message(io.BytesIO(whole[:length]))

    def test_encodes_the_examples_of_the_specification(self) -> None:
        message = {"t": "upscale", "id": 7, "scale": 2, "data": bytes.fromhex("ffd8ffd9")}
        expected = "00000021 84 a174 a775707363616c65 a26964 07 a57363616c65 02 a464617461 c404ffd8ffd9"
        self.assertEqual(encode_frame(message), bytes.fromhex(expected))

    def test_sends_nothing_that_would_end_the_connection(self) -> None:
        for value in (0.5, 2**32, 2**70, "a" * 4097, object()):
            with self.subTest(value), self.assertRaisesRegex(ValueError, "cannot send"):
                encode_frame({"t": "upscale", "id": 1, "quality": value})
        with self.assertRaisesRegex(ValueError, "at most 10 bytes"):
            encode_frame({"t": "upscale", "data": b"0123456789"}, max_frame=10)


if __name__ == "__main__":
    unittest.main()
