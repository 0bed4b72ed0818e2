import { describe, expect, it } from "vitest";
import { EXIT } from "../../protocol/error-codes.js";
import { FatalError, UpscalerError } from "../../src/errors.js";
import { packedFrame, rawFrame } from "../wire/raw-frame.js";
import { FakeProcessor, pageResult } from "./fake-processor.js";
import { Harness } from "./session-harness.js";

const IMAGE = Buffer.from("image");

async function answerTo(message: unknown): Promise<Harness> {
  const harness = new Harness();
  harness.write(packedFrame(message));
  await harness.turn();
  return harness;
}

describe("Session: a request that succeeds", () => {
  it("hands the stages what was asked and the client what was made", async () => {
    const harness = new Harness();
    harness.upscale(7, {
      scale: 2,
      noise: 1,
      fit: { width: 100 },
      quality: 80,
      tile: 256,
      priority: 2,
      lossless: true,
    });
    await harness.advance(20);
    const job = harness.processor.started[0];
    expect(Buffer.from(job?.data as Uint8Array).toString()).toBe("image");
    expect(job?.priority).toBe(2);
    expect(job?.options).toEqual({
      model: null,
      scale: 2,
      noise: 1,
      tile: 256,
      fit: { width: 100, height: null },
      format: "webp",
      quality: 80,
      effort: null,
      lossless: true,
      strips: false,
    });
    harness.processor.finish(pageResult(Buffer.from("output"), { warnings: ["alpha dropped"] }));
    await harness.turn();
    const [result] = harness.answers(7);
    expect(result).toEqual({
      t: "result",
      id: 7,
      width: 20,
      height: 30,
      format: "webp",
      effort: 2,
      model: "plain-2x",
      precision: "fp16",
      tile: 512,
      device: "Fake GPU",
      cache_key: "c0ffee",
      source: { width: 10, height: 15, format: "jpeg" },
      timings_us: { queue: 12_000, decode: 1000, upscale: 5000, encode: 2000, total: 20_000 },
      warnings: ["alpha dropped"],
      data: Buffer.from("output"),
    });
    expect(Object.keys(result ?? {}).at(-1)).toBe("data");
  });

  it("uses normal priority, WebP and the stages' own choices for what is absent", async () => {
    const harness = new Harness();
    harness.upscale(1);
    await harness.turn();
    expect(harness.processor.started[0]?.priority).toBe(1);
    expect(harness.processor.started[0]?.options).toEqual({
      model: null,
      scale: null,
      noise: null,
      tile: null,
      fit: null,
      format: "webp",
      quality: null,
      effort: null,
      lossless: false,
      strips: false,
    });
  });

  it("answers out of order when a later request is done first", async () => {
    const harness = new Harness({ processor: new FakeProcessor(2) });
    harness.upscale(1);
    harness.upscale(2);
    await harness.turn();
    harness.processor.finish(pageResult(), harness.processor.started[1]);
    await harness.turn();
    harness.processor.finish();
    await harness.turn();
    expect(harness.ofType("result").map((message) => message.id)).toEqual([2, 1]);
  });

  it("allows an id again once it was answered", async () => {
    const harness = new Harness();
    for (const text of ["first", "second"]) {
      harness.upscale(1);
      await harness.turn();
      harness.processor.finish(pageResult(Buffer.from(text)));
      await harness.turn();
    }
    expect(harness.answers(1).map((message) => String(message.data))).toEqual(["first", "second"]);
  });

  it("takes the smallest and the largest id", async () => {
    const harness = new Harness({ processor: new FakeProcessor(2) });
    harness.upscale(1);
    harness.upscale(2 ** 32 - 2);
    await harness.turn();
    expect(harness.startedIds).toEqual([1, 2 ** 32 - 2]);
  });
});

describe("Session: a request that fails", () => {
  it.each([
    [
      new UpscalerError("decode_failed", "expected an image", { detail: "VipsJpeg" }),
      "decode_failed",
      "VipsJpeg",
      false,
    ],
    [new UpscalerError("out_of_memory", "expected memory"), "out_of_memory", undefined, true],
    [new TypeError("x is undefined"), "internal", "x is undefined", true],
    ["a thrown text", "internal", "a thrown text", true],
  ])("answers %s", async (reason, code, detail, retryable) => {
    const harness = new Harness();
    harness.upscale(1);
    await harness.turn();
    harness.processor.fail(reason);
    await harness.turn();
    expect(harness.answers(1)).toMatchObject([{ t: "error", code, retryable }]);
    expect(harness.answers(1)[0]?.detail).toBe(detail);
    expect(harness.exitCode).toBeNull();
  });

  it("answers when the stages throw instead of rejecting", async () => {
    const processor = new FakeProcessor();
    processor.process = () => {
      throw new Error("synchronous");
    };
    Object.defineProperty(processor, "hasRoomFor", { value: () => true });
    const harness = new Harness({ processor });
    harness.upscale(1);
    await harness.turn();
    expect(harness.outcomes(1)).toEqual(["internal"]);
  });

  it("clips texts that are too long for a message, without cutting a character", async () => {
    const harness = new Harness();
    harness.upscale(1);
    await harness.turn();
    harness.processor.fail(
      new UpscalerError("decode_failed", "漫".repeat(5000), { detail: "é".repeat(5000) }),
    );
    await harness.turn();
    expect(harness.answers(1)).toMatchObject([{ message: "漫".repeat(682), detail: "é".repeat(1024) }]);
  });

  it("answers output_too_large when the result does not fit into a frame", async () => {
    const harness = new Harness();
    harness.upscale(1);
    await harness.turn();
    harness.processor.finish(pageResult(Buffer.alloc(128 * 1024 * 1024)));
    await harness.turn();
    expect(harness.outcomes(1)).toEqual(["output_too_large"]);
  });

  it("answers internal when the stages deliver what the protocol cannot carry", async () => {
    const harness = new Harness();
    harness.upscale(1);
    await harness.turn();
    harness.processor.finish(pageResult(undefined, { tile: 1.5 }));
    await harness.turn();
    expect(harness.outcomes(1)).toEqual(["internal"]);
    expect(harness.logged.join()).toContain("an answer could not be sent");
  });

  it("ends when the stages say that the process cannot go on", async () => {
    const harness = new Harness({ processor: new FakeProcessor(2) });
    harness.upscale(1);
    harness.upscale(2);
    await harness.turn();
    harness.processor.fail(new FatalError("internal_fatal", "heap corrupted"));
    await harness.turn();
    expect([harness.outcomes(1), harness.outcomes(2)]).toEqual([["internal"], ["shutting_down"]]);
    expect(harness.messages.at(-1)).toMatchObject({ t: "fatal", code: "internal_fatal" });
    expect(harness.exitCode).toBe(EXIT.internal);
  });
});

describe("Session: requests that are wrong", () => {
  it.each([
    [{ data: undefined }, "data"],
    [{ data: "text" }, "data"],
    [{ data: Buffer.alloc(0) }, "data"],
    [{ model: 3 }, "model"],
    [{ scale: 0 }, "scale"],
    [{ scale: 5 }, "scale"],
    [{ noise: "high" }, "noise"],
    [{ tile: -1 }, "tile"],
    [{ fit: [] }, "fit"],
    [{ fit: { height: 70_000 } }, "fit.height"],
    [{ format: "gif" }, "format"],
    [{ quality: 0 }, "quality"],
    [{ quality: 101 }, "quality"],
    [{ effort: 7 }, "effort"],
    [{ lossless: "yes" }, "lossless"],
    [{ priority: 3 }, "priority"],
    [{ timeout_ms: 0 }, "timeout_ms"],
    [{ timeout_ms: 2 ** 31 }, "timeout_ms"],
    [{ progress: 1 }, "progress"],
    [{ strips: "all" }, "strips"],
  ])("answers %o with the guilty field", async (change, field) => {
    const harness = await answerTo({ t: "upscale", id: 4, data: IMAGE, ...change });
    expect(harness.outcomes(4)).toEqual(["invalid_request"]);
    expect(harness.answers(4)[0]?.message).toMatch(new RegExp(`^expected .* for ${field}, received `));
    expect(harness.exitCode).toBeNull();
  });

  it.each([
    [{ scale: 3 }, "unsupported_option", "expected one of 2, 1, 4 for scale, received 3"],
    [{ model: "plain-2x", scale: 4 }, "unsupported_option", "expected one of 2 for scale, received 4"],
    [{ model: "absent" }, "model_not_found", 'expected one of plain-2x, other for model, received "absent"'],
  ])("answers %o, which nothing here serves", async (change, code, message) => {
    const harness = await answerTo({ t: "upscale", id: 4, data: IMAGE, ...change });
    expect(harness.outcomes(4)).toEqual([code]);
    expect(harness.answers(4)[0]?.message).toContain(message);
  });

  it("serves a request with fields that it does not know", async () => {
    const harness = await answerTo({ t: "upscale", id: 4, sharpen: true, strips: false, data: IMAGE });
    expect(harness.startedIds).toEqual([4]);
  });

  it.each([undefined, 0, -1, 2 ** 32 - 1, "1", null, [1], Buffer.of(1)])(
    "ends on an id of %o, since nobody could be answered",
    async (id) => {
      for (const type of ["upscale", "cancel", "update"]) {
        const harness = await answerTo({ t: type, ...(id === undefined ? {} : { id }), data: IMAGE });
        expect(harness.messages.at(-1), type).toMatchObject({ t: "fatal", code: "bad_envelope" });
        expect(harness.exitCode).toBe(EXIT.protocol);
      }
    },
  );

  it.each([
    [{ t: "ping" }, "bad_envelope"],
    [{ t: "ping", nonce: -1 }, "bad_envelope"],
    [{ t: "stats", nonce: "1" }, "bad_envelope"],
    [{ t: "shutdown" }, "bad_envelope"],
    [{ t: "shutdown", mode: "later" }, "bad_envelope"],
    [{ t: "shutdown", mode: "now", grace_ms: -1 }, "bad_envelope"],
    [{ t: 5 }, "bad_envelope"],
    [{}, "bad_envelope"],
    [{ t: "upscale", id: 1.5, data: IMAGE }, "malformed_message"],
    [{ t: "upscale", id: 2 ** 32, data: IMAGE }, "malformed_message"],
    [[1], "malformed_message"],
  ])("ends on %o", async (message, code) => {
    const harness = await answerTo(message);
    expect(harness.messages.at(-1)).toMatchObject({ t: "fatal", code });
    expect(harness.exitCode).toBe(EXIT.protocol);
  });

  it("ends on an id that is live, and answers its request first", async () => {
    const harness = new Harness();
    harness.upscale(1);
    harness.upscale(2);
    // Wrong fields do not turn this into an answer that would be taken for the first request's.
    harness.write(packedFrame({ t: "upscale", id: 1 }));
    await harness.turn();
    expect([harness.outcomes(1), harness.outcomes(2)]).toEqual([["shutting_down"], ["shutting_down"]]);
    expect(harness.messages.at(-1)).toMatchObject({ t: "fatal", code: "duplicate_id", id: 1 });
  });

  it("answers an unknown type that has an id, and ignores one that has none", async () => {
    const harness = new Harness();
    await harness.turn();
    harness.write(packedFrame({ t: "novelty", id: 9 }));
    harness.write(packedFrame({ t: "novelty" }));
    harness.write(packedFrame({ t: "toString", id: 0 }));
    harness.send({ t: "ping", nonce: 1 });
    await harness.turn();
    expect(harness.outcomes(9)).toEqual(["unknown_type"]);
    expect(harness.types.slice(2)).toEqual(["error", "pong"]);
  });

  it("does not answer an unknown type for an id that still awaits its one answer", async () => {
    const harness = new Harness();
    harness.upscale(1);
    harness.write(packedFrame({ t: "novelty", id: 1 }));
    await harness.turn();
    harness.processor.finish();
    await harness.turn();
    expect(harness.outcomes(1)).toEqual(["result"]);
  });

  it("ends on bytes that are no frame, and on a frame that is no message", async () => {
    for (const [bytes, code] of [
      [Buffer.from("GET / HTTP/1.1\r\n"), "frame_too_large"],
      [Buffer.alloc(4), "frame_empty"],
      [rawFrame(Buffer.of(0xc1)), "malformed_message"],
    ] as const) {
      const harness = new Harness();
      harness.upscale(1);
      harness.write(bytes);
      await harness.turn();
      expect(harness.outcomes(1)).toEqual(["shutting_down"]);
      expect(harness.messages.at(-1)).toMatchObject({ t: "fatal", code });
      expect(harness.exitCode).toBe(EXIT.protocol);
      expect(harness.input.destroyed).toBe(true);
    }
  });
});

describe("Session: a request with a label", () => {
  const label = "Seite 7 – größer";
  const labels = (harness: Harness, type: string) => harness.ofType(type).map((message) => message.label);

  it("has it in its strips and its result", async () => {
    const harness = new Harness();
    harness.upscale(1, { label, strips: true });
    await harness.turn();
    const strip = { index: 0, count: 1, y: 0, width: 2, height: 2, format: "webp", data: IMAGE } as const;
    harness.processor.started[0]?.onStrip?.(strip);
    harness.processor.finish(pageResult(Buffer.alloc(0)));
    await harness.turn();
    expect([labels(harness, "strip"), labels(harness, "result")]).toEqual([[label], [label]]);
  });

  it("has it in its error, whether it was started, cancelled or never accepted", async () => {
    const harness = new Harness({ limits: { maxInFlight: 2 } });
    for (const id of [1, 2, 3]) harness.upscale(id, { label });
    harness.send({ t: "cancel", id: 2 });
    await harness.turn();
    harness.processor.fail(new UpscalerError("decode_failed", "bad"));
    await harness.turn();
    expect([1, 2, 3].map((id) => harness.outcomes(id)[0])).toEqual([
      "decode_failed",
      "cancelled",
      "overloaded",
    ]);
    expect(labels(harness, "error")).toEqual([label, label, label]);
  });

  it("is refused when it is longer than a file's name", async () => {
    const harness = await answerTo({ t: "upscale", id: 1, data: IMAGE, label: "x".repeat(256) });
    expect(harness.outcomes(1)).toEqual(["invalid_request"]);
    expect(harness.answers(1)[0]?.message).toMatch(/^expected a string of at most 255 characters for label/);
  });
});
