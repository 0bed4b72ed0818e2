import { describe, expect, it } from "vitest";
import { FatalError, UpscalerError } from "../../src/errors.js";
import {
  asFatalError,
  asRequestError,
  errorMessage,
  fatalMessage,
  resultMessage,
} from "../../src/session/answers.js";
import { Job } from "../../src/session/job.js";
import { encodeMessage } from "../../src/wire/codec.js";
import { FakeClock } from "./fake-clock.js";
import { pageResult } from "./fake-processor.js";

function job(): Job {
  const events = { onDeadline: () => undefined, onProgress: () => undefined, onStrip: () => undefined };
  return new Job({ t: "upscale", id: 3, data: new Uint8Array(1) }, new FakeClock(), events);
}

describe("answers: errors", () => {
  it("keeps a typed error, and makes anything else a fault of the worker", () => {
    const typed = new UpscalerError("decode_failed", "expected an image");
    expect(asRequestError(typed)).toBe(typed);
    for (const thrown of [new Error("why"), "why", new FatalError("internal_fatal", "why")]) {
      const error = asRequestError(thrown);
      expect([error.code, error.detail, error.cause]).toEqual(["internal", "why", thrown]);
    }
  });

  it("keeps a typed fatal error, and gives anything else the code that fits the place", () => {
    const typed = new FatalError("duplicate_id", "twice", { requestId: 9 });
    expect(asFatalError(typed, "internal_fatal")).toBe(typed);
    expect(fatalMessage(typed)).toEqual({ t: "fatal", code: "duplicate_id", message: "twice", id: 9 });
    expect(asFatalError("why", "gpu_init_failed")).toMatchObject({ code: "gpu_init_failed", message: "why" });
  });

  it("says whether trying again may help", () => {
    expect(errorMessage(1, new UpscalerError("overloaded", "m"))).toMatchObject({ id: 1, retryable: true });
    expect(errorMessage(1, new UpscalerError("cancelled", "m"))).toMatchObject({ id: 1, retryable: false });
  });
});

describe("answers: results", () => {
  it("stays within a message whatever texts the stages deliver", () => {
    const long = "漫".repeat(3000);
    const result = pageResult(undefined, {
      model: long,
      precision: long,
      device: long,
      cacheKey: long,
      source: { width: 1, height: 1, format: long },
      warnings: Array.from({ length: 100 }, () => long),
    });
    const message = resultMessage(job(), result, 2000);
    expect(message.warnings.length).toBe(64);
    expect(() => encodeMessage(message)).not.toThrow();
  });

  it("tells the effort of a format that has one, and leaves it out otherwise", () => {
    const { page } = pageResult();
    expect(resultMessage(job(), pageResult(), 2000)).toMatchObject({ format: "webp", effort: 2 });
    const png = pageResult(undefined, { page: { ...page, format: "png", effort: null } });
    expect(resultMessage(job(), png, 2000).effort).toBeUndefined();
  });

  it("holds times within what an integer of the protocol can say", () => {
    const timings = { decode: 2 ** 40, upscale: 1.4, encode: -3 };
    const message = resultMessage(job(), pageResult(undefined, { timings }), 2 ** 50);
    expect(message.timings_us).toMatchObject({ decode: 2 ** 32 - 1, upscale: 1, total: 2 ** 32 - 1 });
    expect(() => encodeMessage(message)).not.toThrow();
  });
});
