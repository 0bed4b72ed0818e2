import { describe, expect, it } from "vitest";
import { codecFailure } from "../../src/stages/codec-failure.js";

describe("a codec's failure", () => {
  it.each(["decode_failed", "encode_failed"] as const)(
    "keeps the codec's words for developers: %s",
    (code) => {
      const cause = new Error("VipsJpeg: premature end of JPEG image");
      expect(codecFailure(code, "what a client reads", cause)).toMatchObject({
        ...{ code, message: "what a client reads", detail: cause.message, cause },
      });
    },
  );

  it.each([
    ["vips: out of memory --- size == 3000MB", "decode_failed", "not enough memory to decode the image"],
    ["unable to allocate memory for image", "encode_failed", "not enough memory to encode the image"],
    ["Failed to allocate memory", "encode_failed", "not enough memory to encode the image"],
  ] as const)("for lack of memory may pass when it is tried again: %s", (detail, code, message) => {
    expect(codecFailure(code, "unused", new Error(detail))).toMatchObject({
      ...{ code: "out_of_memory", message, detail },
    });
  });
});
