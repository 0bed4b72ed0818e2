import { describe, expect, it } from "vitest";
import { CLIENT_MESSAGES } from "../../protocol/messages.js";
import { checkFields, describeValue, parseWorkerMessage } from "../../src/wire/validate.js";
import { fatalErrorOf } from "./failure.js";

function problemOf(raw: Record<string, unknown>): string | null {
  const checked = checkFields(CLIENT_MESSAGES.upscale, { t: "upscale", id: 1, data: Buffer.of(1), ...raw });
  return checked.ok ? null : checked.problem;
}

describe("checkFields", () => {
  it.each([
    [{ scale: 5 }, "expected an integer from 1 to 4 for scale, received 5"],
    [{ scale: "2" }, 'expected an integer from 1 to 4 for scale, received "2"'],
    [{ scale: null }, "expected an integer from 1 to 4 for scale, received nil"],
    [{ format: "avif" }, 'expected one of webp, jpeg, png for format, received "avif"'],
    [{ data: "text" }, 'expected a bin that is not empty for data, received "text"'],
    [{ data: Buffer.alloc(0) }, "expected a bin that is not empty for data, received a bin of 0 bytes"],
    [{ data: undefined }, "expected a bin that is not empty for data, received nothing"],
    [{ fit: 3 }, "expected a map for fit, received 3"],
    [{ fit: { width: 0 } }, "expected an integer from 1 to 65535 for fit.width, received 0"],
    [{ lossless: 1 }, "expected a boolean for lossless, received 1"],
    [{ model: "" }, 'expected a string that is not empty for model, received ""'],
  ])("names the guilty field of %o", (raw, problem) => {
    expect(problemOf(raw)).toBe(problem);
  });

  it("drops fields that it does not know", () => {
    const checked = checkFields(CLIENT_MESSAGES.ping, { t: "ping", nonce: 1, mood: "good" });
    expect(checked).toEqual({ ok: true, value: { t: "ping", nonce: 1 } });
  });
});

describe("describeValue", () => {
  it.each([
    [undefined, "nothing"],
    [null, "nil"],
    [true, "true"],
    [-3, "-3"],
    ["short", '"short"'],
    ["x".repeat(41), `"${"x".repeat(40)}" and 1 more`],
    [new Uint8Array(3), "a bin of 3 bytes"],
    [[1, 2], "an array of 2"],
    [{ a: 1 }, "a map"],
  ])("%o", (value, text) => {
    expect(describeValue(value)).toBe(text);
  });
});

describe("parseWorkerMessage", () => {
  it("types a known message and drops what it does not know", () => {
    expect(parseWorkerMessage({ t: "pong", nonce: 1, queued: 0, running: 2, extra: true })).toEqual({
      t: "pong",
      nonce: 1,
      queued: 0,
      running: 2,
    });
  });

  it("returns null for an unknown type, names of Object's own methods included", () => {
    expect(parseWorkerMessage({ t: "novelty", id: 1 })).toBeNull();
    expect(parseWorkerMessage({ t: "toString" })).toBeNull();
  });

  it("refuses a missing type and a known message with a wrong field", () => {
    expect(fatalErrorOf(() => parseWorkerMessage({ id: 1 })).message).toContain("for t, received nothing");
    const error = fatalErrorOf(() => parseWorkerMessage({ t: "pong", nonce: "1", queued: 0, running: 0 }));
    expect(error.code).toBe("bad_envelope");
    expect(error.message).toContain('for nonce, received "1", in a message of type pong');
  });
});
