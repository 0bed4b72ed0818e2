import { describe, expect, it } from "vitest";
import { cacheKey } from "../../src/stages/cache-key.js";
import type { PageOptions } from "../../src/stages/job.js";

const OPTIONS: PageOptions = {
  ...{ model: null, scale: null, noise: null, tile: 0, fit: null },
  ...{ format: "webp", quality: null, effort: null, lossless: false, strips: false },
};
const DATA = new Uint8Array([1, 2, 3, 4]);
const CONTEXT = { modelSha256: "ab".repeat(32), programVersion: "1.2.3" };

describe("a cache key", () => {
  it("is the same every time, for the same bytes wherever they lie", async () => {
    const key = await cacheKey(DATA, OPTIONS, CONTEXT);
    expect(key).toMatch(/^[0-9a-f]{64}$/);
    expect(
      await cacheKey(new Uint8Array([9, ...DATA, 9]).subarray(1, 5), { ...OPTIONS }, { ...CONTEXT }),
    ).toBe(key);
  });

  it("does not tell a model named from the same one by default", async () => {
    const named = { ...OPTIONS, model: "bd2x-fast" };
    expect(await cacheKey(DATA, named, CONTEXT)).toBe(await cacheKey(DATA, OPTIONS, CONTEXT));
  });

  it("differs when anything that matters does", async () => {
    const changes: Partial<PageOptions>[] = [
      ...[
        { scale: 2 },
        { tile: 256 },
        { tile: null },
        { format: "png" as const },
        { quality: 90 },
        { effort: 4 },
      ],
      ...[{ lossless: true }, { fit: { width: 90, height: null } }, { fit: { width: null, height: 90 } }],
    ];
    const keys = [
      cacheKey(DATA, OPTIONS, CONTEXT),
      cacheKey(new Uint8Array([1, 2, 3, 5]), OPTIONS, CONTEXT),
      cacheKey(new Uint8Array([1, 2, 3]), OPTIONS, CONTEXT),
      cacheKey(DATA, OPTIONS, { ...CONTEXT, modelSha256: "cd".repeat(32) }),
      cacheKey(DATA, OPTIONS, { ...CONTEXT, programVersion: "1.2.4" }),
      ...changes.map((change) => cacheKey(DATA, { ...OPTIONS, ...change }, CONTEXT)),
    ];
    expect(new Set(await Promise.all(keys)).size).toBe(keys.length);
  });
});
