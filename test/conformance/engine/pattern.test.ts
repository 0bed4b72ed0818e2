import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { IMAGE_FOLDER } from "../../../src/conformance/cases/byte-parts.js";
import { newScope } from "../../../src/conformance/cases/template.js";
import { matches } from "../../../src/conformance/engine/pattern.js";

const image = readFileSync(join(IMAGE_FOLDER, "page.png"));

describe("matches", () => {
  it.each([
    ["a field more", { t: "pong" }, { t: "pong", nonce: 1 }, true],
    ["a field less", { t: "pong", nonce: 1 }, { t: "pong" }, false],
    ["another value", { t: "pong" }, { t: "ping" }, false],
    ["nil for absent", { a: { $absent: true } }, { a: null }, false],
    ["an absent field", { a: { $absent: true } }, {}, true],
    ["a longer array", { a: [1] }, { a: [1, 2] }, false],
    ["an item", { a: { $includes: 2 } }, { a: [1, 2] }, true],
    ["no item", { a: { $includes: 3 } }, { a: [1, 2] }, false],
    ["a value in range", { a: { $range: [1, 2] } }, { a: 2 }, true],
    ["a value past the range", { a: { $range: [1, 2] } }, { a: 3 }, false],
    ["a text with the pattern", { a: { $regex: "^b" } }, { a: "bc" }, true],
    ["a number for a text", { a: { $regex: "1" } }, { a: 1 }, false],
    ["one of several", { a: { $any: [1, { $type: "bin" }] } }, { a: Uint8Array.of(1) }, true],
    ["none of several", { a: { $any: [1, 2] } }, { a: 3 }, false],
    ["what it must not be", { a: { $not: 3 } }, { a: 3 }, false],
    ["a nil", { a: { $type: "nil" } }, { a: null }, true],
    ["equal bytes", { a: { $bytes: "0102" } }, { a: Uint8Array.of(1, 2) }, true],
    ["other bytes", { a: { $bytes: "0102" } }, { a: Uint8Array.of(1, 3) }, false],
    ["a picture", { a: { $image: { width: 16, format: "png" } } }, { a: image }, true],
    ["a picture of another size", { a: { $image: { width: 17 } } }, { a: image }, false],
    ["half a picture", { a: { $image: {} } }, { a: image.subarray(0, 300) }, false],
  ])("judges %s", async (_what, pattern, value, expected) => {
    expect(await matches(pattern, value, newScope())).toBe(expected);
  });

  it("captures only when the whole pattern matches, and compares with what it captured", async () => {
    const scope = newScope();
    expect(await matches({ id: { $capture: "a" }, t: "x" }, { id: 1, t: "y" }, scope)).toBe(false);
    expect(scope.captures.has("a")).toBe(false);
    expect(await matches({ id: { $capture: "a" }, t: "x" }, { id: 1, t: "x" }, scope)).toBe(true);
    expect(await matches({ id: { $ref: "a" } }, { id: 1 }, scope)).toBe(true);
    expect(await matches({ id: { $not: { $ref: "a" } } }, { id: 1 }, scope)).toBe(false);
  });
});
