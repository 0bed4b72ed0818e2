import { describe, expect, it } from "vitest";
import { MAX_FRAME_BYTES } from "../../protocol/limits.js";
import { FrameReader } from "../../src/wire/frame-reader.js";
import { fatalErrorOf } from "./failure.js";
import { Random } from "./random.js";
import { rawFrame } from "./raw-frame.js";

function collect(maxFrame?: number): { reader: FrameReader; bodies: Buffer[] } {
  const bodies: Buffer[] = [];
  return { reader: new FrameReader((body) => bodies.push(Buffer.from(body)), maxFrame), bodies };
}

describe("FrameReader: where frames are cut", () => {
  const bodies = [1, 2, 255, 65_535, 65_536, 65_537, 200_000].map((size) => Buffer.alloc(size, size % 251));
  const stream = Buffer.concat(bodies.map(rawFrame));

  it("delivers the same bodies whatever the size of the chunks", () => {
    for (const size of [1, 2, 3, 5, 7, 64, 4096, 65_536, stream.length]) {
      const { reader, bodies: received } = collect();
      for (let at = 0; at < stream.length; at += size) reader.push(stream.subarray(at, at + size));
      reader.end();
      expect(received.length, `chunks of ${size}`).toBe(bodies.length);
      expect(Buffer.concat(received).equals(Buffer.concat(bodies)), `chunks of ${size}`).toBe(true);
    }
  });

  it("delivers 100 frames that arrive in one chunk, in order", () => {
    const { reader, bodies: received } = collect();
    reader.push(Buffer.concat(Array.from({ length: 100 }, (_, index) => rawFrame(Buffer.of(index)))));
    expect(received.map((body) => body[0])).toEqual(Array.from({ length: 100 }, (_, index) => index));
  });

  it("accepts a split at every byte, the length's included", () => {
    const small = Buffer.concat([rawFrame(Buffer.from("one")), rawFrame(Buffer.from("second"))]);
    for (let split = 0; split <= small.length; split++) {
      const { reader, bodies: received } = collect();
      reader.push(small.subarray(0, split));
      reader.push(small.subarray(split));
      reader.end();
      expect(received.map(String), `split at ${split}`).toEqual(["one", "second"]);
    }
  });

  it("copies what it keeps, so that the caller may reuse its chunk", () => {
    const { reader, bodies: received } = collect();
    const chunk = rawFrame(Buffer.from("keep"));
    const first = chunk.subarray(0, 6);
    reader.push(first);
    first.fill(0);
    reader.push(chunk.subarray(6));
    expect(received.map(String)).toEqual(["keep"]);
  });

  it("gives each body memory of its own", () => {
    const bodiesSeen: Uint8Array[] = [];
    const reader = new FrameReader((body) => bodiesSeen.push(body));
    reader.push(Buffer.concat([rawFrame(Buffer.from("aa")), rawFrame(Buffer.from("bb"))]));
    expect(bodiesSeen[0]?.buffer).not.toBe(bodiesSeen[1]?.buffer);
    expect(bodiesSeen[0]?.buffer.byteLength).toBe(2);
  });
});

describe("FrameReader: what goes wrong", () => {
  it("refuses an empty frame at the start and after a frame", () => {
    expect(fatalErrorOf(() => collect().reader.push(Buffer.alloc(4))).code).toBe("frame_empty");
    const { reader, bodies } = collect();
    const error = fatalErrorOf(() => reader.push(Buffer.concat([rawFrame(Buffer.of(1)), Buffer.alloc(4)])));
    expect(error.code).toBe("frame_empty");
    expect(bodies.length).toBe(1);
  });

  it("accepts a length at the cap and refuses one above it", () => {
    const atCap = Buffer.alloc(4);
    atCap.writeUInt32BE(MAX_FRAME_BYTES);
    expect(() => collect().reader.push(atCap)).not.toThrow();
    for (const length of [MAX_FRAME_BYTES + 1, 0x0900_0000, 0xffff_ffff]) {
      const above = Buffer.alloc(4);
      above.writeUInt32BE(length);
      const error = fatalErrorOf(() => collect().reader.push(above));
      expect(error.code).toBe("frame_too_large");
      expect(error.message).toContain(`0x${above.toString("hex")}`);
    }
  });

  it("refuses a length as soon as its first bytes rule every legal one out", () => {
    expect(fatalErrorOf(() => collect().reader.push(Buffer.of(0x09))).code).toBe("frame_too_large");
    expect(fatalErrorOf(() => collect(255).reader.push(Buffer.of(0, 0, 1))).code).toBe("frame_too_large");
  });

  it("shows text that stands where a frame should", () => {
    const error = fatalErrorOf(() => collect().reader.push(Buffer.from("Loading model...\n")));
    expect(error.code).toBe("frame_too_large");
    expect(error.message).toContain('"Loading model...\\n"');
    expect(error.message).toContain("something other than frames is written to this stream");
  });

  it("notices an end of the stream inside a frame, at every byte", () => {
    const frame = rawFrame(Buffer.from("body"));
    for (let length = 1; length < frame.length; length++) {
      const { reader, bodies } = collect();
      reader.push(frame.subarray(0, length));
      const error = fatalErrorOf(() => reader.end());
      expect(error.code).toBe("frame_truncated");
      const missing = length < 4 ? 4 - length : frame.length - length;
      expect(error.message).toContain(`expected ${missing} more bytes`);
      expect(bodies).toEqual([]);
    }
  });

  it("takes an end of the stream between frames for what it is", () => {
    const { reader } = collect();
    reader.end();
    reader.push(rawFrame(Buffer.of(1)));
    expect(() => reader.end()).not.toThrow();
  });

  it("allocates for what has arrived, not for what a length claims", () => {
    const before = process.memoryUsage().arrayBuffers;
    const readers = Array.from({ length: 64 }, () => collect().reader);
    const claim = Buffer.alloc(5);
    claim.writeUInt32BE(MAX_FRAME_BYTES);
    for (const reader of readers) reader.push(claim);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1024 * 1024);
    expect(() => readers[0]?.end()).toThrow();
  });

  it("throws nothing but a FatalError for random bytes in random chunks", () => {
    const random = new Random(1);
    const codes = new Set<string>();
    for (let round = 0; round < 2000; round++) {
      const { reader } = collect(64);
      try {
        for (let chunk = 0; chunk < 8; chunk++) {
          const bytes = random.bytes(random.below(12));
          // Small first bytes, so that frames are now and then legal.
          reader.push(bytes.map((byte) => (random.below(3) === 0 ? byte : byte % 5 === 0 ? 2 : 0)));
        }
        reader.end();
      } catch (thrown) {
        codes.add(
          fatalErrorOf(() => {
            throw thrown;
          }).code,
        );
      }
    }
    expect([...codes].sort()).toEqual(["frame_empty", "frame_too_large", "frame_truncated"]);
  });
});
