import sharp from "sharp";
import { describe, expect, it } from "vitest";
import type { EncodedStrip } from "../../src/stages/page.js";
import { imageOf } from "../../src/stages/planes.js";
import { divideRows, encodeStrips } from "../../src/stages/strips.js";
import { paintScreentone } from "../support/images.js";

const page = paintScreentone(90, 1300);

describe("divideRows", () => {
  it.each([1, 511, 512, 513, 1024, 1025, 2400, 20_000])("covers %i rows without gap or overlap", (height) => {
    const strips = divideRows(height);
    expect(strips[0]?.y).toBe(0);
    for (const [index, { y, height: rows }] of strips.entries()) {
      expect(rows).toBeGreaterThan(0);
      expect(y + rows).toBe(strips[index + 1]?.y ?? height);
    }
  });
});

describe("encodeStrips", () => {
  it("gives from the top what together is the image", async () => {
    const strips: EncodedStrip[] = [];
    await encodeStrips(
      imageOf(page),
      "png",
      (part) => part.png().toBuffer({ resolveWithObject: true }),
      (strip) => strips.push(strip),
    );
    expect(strips.map(({ index, count }) => [index, count])).toEqual([
      [0, 3],
      [1, 3],
      [2, 3],
    ]);
    const rows = await Promise.all(strips.map(({ data }) => sharp(data).raw().toBuffer()));
    expect(Buffer.concat(rows).equals(page.data)).toBe(true);
  });

  it("keeps the order when a lower strip is done first, and stops at the first that fails", async () => {
    const delivered: number[] = [];
    let started = 0;
    const write = async () => {
      const index = started++;
      await new Promise((resolve) => setTimeout(resolve, 30 - 10 * index));
      if (index === 1) throw new Error("no room");
      return { data: Uint8Array.of(index) };
    };
    const attempt = encodeStrips(imageOf(page), "webp", write, ({ index }) => delivered.push(index));
    await expect(attempt).rejects.toThrow("no room");
    expect(delivered).toEqual([0]);
    expect(started).toBe(3);
  });
});
