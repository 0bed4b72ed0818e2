import { describe, expect, it } from "vitest";
import type { RawMessage } from "../../src/wire/codec.js";
import { encodeMessage } from "../../src/wire/codec.js";
import { MessageReader } from "../../src/wire/message-reader.js";
import { fatalErrorOf } from "./failure.js";
import { packedFrame, rawFrame } from "./raw-frame.js";

function collect(maxFrame?: number): { reader: MessageReader; messages: RawMessage[] } {
  const messages: RawMessage[] = [];
  return { reader: new MessageReader((message) => messages.push(message), maxFrame), messages };
}

describe("MessageReader", () => {
  it("reads messages that arrive a byte at a time and 100 at once", () => {
    const stream = Buffer.concat(
      Array.from({ length: 100 }, (_, nonce) => encodeMessage({ t: "ping", nonce })).flat(),
    );
    const expected = Array.from({ length: 100 }, (_, nonce) => ({ t: "ping", nonce }));
    const slow = collect();
    for (const byte of stream) slow.reader.push(Uint8Array.of(byte));
    expect(slow.messages).toEqual(expected);
    const fast = collect();
    fast.reader.push(stream);
    expect(fast.messages).toEqual(expected);
  });

  it("delivers what was whole before a malformed message", () => {
    const { reader, messages } = collect();
    const error = fatalErrorOf(() =>
      reader.push(Buffer.concat([packedFrame({ t: "a" }), packedFrame(1.5), packedFrame({ t: "b" })])),
    );
    expect(error.code).toBe("malformed_message");
    expect(messages).toEqual([{ t: "a" }]);
  });

  it("applies its own frame limit", () => {
    expect(fatalErrorOf(() => collect(8).reader.push(packedFrame({ t: "longer" }))).code).toBe(
      "frame_too_large",
    );
  });

  it("reports an end inside a frame", () => {
    const { reader } = collect();
    reader.push(rawFrame(Buffer.from("80", "hex")).subarray(0, 3));
    expect(fatalErrorOf(() => reader.end()).code).toBe("frame_truncated");
  });

  it("keeps the bytes of each message apart: a kept bin does not change when more arrives", () => {
    const { reader, messages } = collect();
    for (const fill of [1, 2]) {
      for (const piece of encodeMessage({ t: "upscale", id: fill, data: Buffer.alloc(100_000, fill) }))
        reader.push(piece);
    }
    expect(
      messages.map((message) => (message.data as Uint8Array).every((byte) => byte === message.id)),
    ).toEqual([true, true]);
  });
});
