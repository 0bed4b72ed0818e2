import { describe, expect, it } from "vitest";
import type { ClientMessage, WorkerMessage } from "../../protocol/messages.js";
import { decodeMessage, encodeMessage, type Frame, UnsendableMessage } from "../../src/wire/codec.js";
import { FrameReader } from "../../src/wire/frame-reader.js";
import { fatalErrorOf } from "./failure.js";
import { Random } from "./random.js";

/** The codec sends typed messages; here anything of legal shape goes through it. */
function encode(value: Record<string, unknown>): Frame {
  return encodeMessage(value as unknown as ClientMessage);
}

function bodyOf(frame: Frame): Buffer {
  const bodies: Uint8Array[] = [];
  const reader = new FrameReader((body) => bodies.push(body));
  for (const piece of frame) reader.push(piece);
  reader.end();
  expect(bodies.length).toBe(1);
  return Buffer.from(bodies[0] as Uint8Array);
}

const TEXTS = [
  "",
  "a",
  "page",
  "é",
  "漫画",
  "🙂",
  "x".repeat(31),
  "x".repeat(32),
  "é".repeat(200),
  "\u0000",
  "constructor",
];
const INTEGERS = [
  0, 1, 127, 128, 255, 256, 65_535, 65_536, 0x7fff_ffff, 0xffff_ffff, -1, -32, -33, -128, -129, -32_769,
  -0x8000_0000,
];

function randomValue(random: Random, depth: number): unknown {
  const kind = random.below(depth > 0 ? 8 : 6);
  if (kind === 0) return null;
  if (kind === 1) return random.below(2) === 1;
  if (kind === 2) return random.pick(INTEGERS);
  if (kind === 3) return random.below(0x1_0000) * random.below(0x1_0000);
  if (kind === 4) return random.pick(TEXTS);
  if (kind === 5) return Buffer.alloc(random.pick([0, 1, 255, 256]), random.below(256));
  if (kind === 6) return Array.from({ length: random.below(8) }, () => randomValue(random, depth - 1));
  return randomMap(random, depth - 1);
}

function randomMap(random: Random, depth: number): Record<string, unknown> {
  const keys = Array.from({ length: random.below(12) }, () => `${random.pick(TEXTS)}${random.below(100)}`);
  return Object.fromEntries(keys.map((key) => [key, randomValue(random, depth)]));
}

describe("codec: round trips", () => {
  it("brings back every legal value, for 2000 random messages", () => {
    const random = new Random(2);
    let refused = 0;
    for (let round = 0; round < 2000; round++) {
      const message: Record<string, unknown> = { t: "x", ...randomMap(random, 3) };
      if (random.below(2) === 0) message.data = Buffer.from(random.bytes(random.below(300)));
      let frame: Frame;
      try {
        frame = encode(message);
      } catch (thrown) {
        // Too much text for one message; everything else has to pass.
        expect(String(thrown)).toContain("besides the content of bin values");
        refused++;
        continue;
      }
      expect(decodeMessage(bodyOf(frame)), `round ${round}`).toEqual(message);
    }
    expect(refused).toBeLessThan(200);
  });

  it.each([0, 1, 0xff, 0x100, 0xffff, 0x1_0000, 0x20_0000])("brings back data of %i bytes", (size) => {
    const data = Buffer.alloc(size, 7);
    const decoded = decodeMessage(bodyOf(encode({ t: "upscale", id: 1, data })));
    expect(Object.keys(decoded)).toEqual(["t", "id", "data"]);
    expect(Buffer.from(decoded.data as Uint8Array).equals(data)).toBe(true);
  });

  it("writes data last and as the sender's own memory, wherever the field stands", () => {
    const data = new Uint8Array([1, 2, 3]);
    const frame = encode({ t: "upscale", data, id: 1 });
    expect(frame.length).toBe(2);
    expect(frame[1]).toBe(data);
    expect(Object.keys(decodeMessage(bodyOf(frame)))).toEqual(["t", "id", "data"]);
  });

  it("leaves undefined fields out", () => {
    const message: WorkerMessage = { t: "fatal", code: "internal_fatal", message: "", id: undefined };
    expect(decodeMessage(bodyOf(encodeMessage(message)))).toEqual({
      t: "fatal",
      code: "internal_fatal",
      message: "",
    });
  });

  it("writes more than 15 fields as map 16", () => {
    const message = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`k${index}`, index]));
    expect(decodeMessage(bodyOf(encode({ ...message, data: Buffer.of(9) })))).toEqual({
      ...message,
      data: Buffer.of(9),
    });
  });
});

describe("codec: what must not be sent", () => {
  it.each([
    ["a float", { t: "pong", nonce: 0.5 }],
    ["NaN", { t: "pong", nonce: Number.NaN }],
    ["an integer past 32 bits", { t: "pong", nonce: 2 ** 32 }],
    ["a string that is too long", { t: "goaway", reason: "x".repeat(4097) }],
    ["a date", { t: "pong", nonce: new Date(0) }],
    ["too many entries", { t: "hello", features: Array.from({ length: 65 }, () => "x") }],
  ])("refuses %s", (_, message) => {
    expect(() => encode(message)).toThrow(UnsendableMessage);
  });

  it("refuses a message past the frame's limit, and says which kind of fault that is", () => {
    const message = { t: "upscale", id: 1, data: Buffer.alloc(100) } as const;
    const length = encodeMessage(message).reduce((sum, piece) => sum + piece.byteLength, -4);
    expect(() => encodeMessage(message, length)).not.toThrow();
    try {
      encodeMessage(message, length - 1);
      expect.unreachable();
    } catch (thrown) {
      expect(thrown).toBeInstanceOf(UnsendableMessage);
      expect((thrown as UnsendableMessage).isTooLarge).toBe(true);
      expect(String(thrown)).toContain(`received one of ${length}`);
    }
  });

  it("frames a message of exactly the largest size without copying its data", () => {
    const data = new Uint8Array(128 * 1024 * 1024);
    expect(() => encodeMessage({ t: "upscale", id: 1, data })).toThrow(UnsendableMessage);
    const overhead = encodeMessage({ t: "upscale", id: 1, data: data.subarray(0, 0x1_0000) })[0]
      ?.byteLength as number;
    const largest = data.subarray(0, data.length - (overhead - 4));
    const frame = encodeMessage({ t: "upscale", id: 1, data: largest });
    expect(Buffer.from(frame[0] as Uint8Array).readUInt32BE()).toBe(128 * 1024 * 1024);
    expect(frame[1]).toBe(largest);
  });
});

describe("codec: hostile bodies", () => {
  it("never throws anything but malformed_message, for 4000 mutated messages", () => {
    const random = new Random(3);
    let accepted = 0;
    for (let round = 0; round < 4000; round++) {
      const body = mutate(
        random,
        bodyOf(
          encode({ t: "upscale", id: 7, fit: { width: 9 }, ...randomMap(random, 2), data: Buffer.of(1) }),
        ),
      );
      try {
        expect(typeof decodeMessage(body)).toBe("object");
        accepted++;
      } catch (thrown) {
        const error = fatalErrorOf(() => {
          throw thrown;
        });
        expect(error.code, `round ${round}: ${body.toString("hex").slice(0, 200)}`).toBe("malformed_message");
      }
    }
    // Both outcomes must really occur for this to mean anything.
    expect(accepted).toBeGreaterThan(200);
    expect(accepted).toBeLessThan(3800);
  });

  it("decodes to plain values only: what passes the scan has no other prototypes", () => {
    const random = new Random(4);
    for (let round = 0; round < 1000; round++) {
      const body = mutate(random, bodyOf(encode({ t: "x", list: [1, { a: 1 }], ...randomMap(random, 2) })));
      let decoded: unknown;
      try {
        decoded = decodeMessage(body);
      } catch {
        continue;
      }
      expectPlain(decoded);
    }
  });
});

function mutate(random: Random, body: Buffer): Buffer {
  const mutated = Buffer.from(body);
  // Mostly in the front, where the structure is.
  const reach = Math.min(mutated.length, 120);
  for (let change = random.below(3); change >= 0; change--) mutated[random.below(reach)] = random.below(256);
  if (random.below(4) === 0) return mutated.subarray(0, random.below(mutated.length + 1));
  if (random.below(4) === 0) return Buffer.concat([mutated, random.bytes(random.below(4))]);
  return mutated;
}

function expectPlain(value: unknown): void {
  if (value === null || ["string", "boolean"].includes(typeof value)) return;
  if (typeof value === "number") {
    expect(Number.isSafeInteger(value)).toBe(true);
  } else if (Array.isArray(value)) {
    value.forEach(expectPlain);
  } else if (!(value instanceof Uint8Array)) {
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    Object.values(value as object).forEach(expectPlain);
  }
}
