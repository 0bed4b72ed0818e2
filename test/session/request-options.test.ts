import { describe, expect, it } from "vitest";
import type { UpscaleMessage } from "../../protocol/messages.js";
import { findModelMismatch, pageOptionsOf, requestFieldsOf } from "../../src/session/request-options.js";
import { READY } from "./session-harness.js";

const REQUEST = { t: "upscale", id: 1, data: new Uint8Array(1) } as const;

function mismatch(model: string | undefined, scale: number | undefined): string | null {
  return findModelMismatch(pageOptionsOf({ ...REQUEST, model, scale }), READY)?.code ?? null;
}

describe("findModelMismatch", () => {
  it.each([
    [undefined, undefined, null],
    [undefined, 2, null],
    [undefined, 4, null],
    [undefined, 3, "unsupported_option"],
    ["plain-2x", undefined, null],
    ["plain-2x", 2, null],
    ["plain-2x", 4, "unsupported_option"],
    ["other", 4, null],
    ["Plain-2x", undefined, "model_not_found"],
  ])("model %s with scale %s: %s", (model, scale, code) => {
    expect(mismatch(model, scale)).toBe(code);
  });
});

describe("requestFieldsOf", () => {
  it.each<Partial<UpscaleMessage>>([
    {},
    { model: "m", scale: 2, noise: -1, tile: 0, format: "png", quality: 1, effort: 0 },
    { lossless: true, strips: true, fit: { width: 100 } },
    { fit: { height: 9 }, noise: 0 },
    { fit: {} },
  ])("asks another worker for the same: %j", (fields) => {
    const options = pageOptionsOf({ ...REQUEST, ...fields });
    expect(pageOptionsOf({ ...REQUEST, ...requestFieldsOf(options) })).toEqual(options);
  });

  it("adds nothing to a request that leaves everything open", () => {
    const fields = requestFieldsOf(pageOptionsOf(REQUEST));
    expect(Object.values(fields).filter((value) => value !== undefined)).toEqual([]);
  });
});
