import sharp from "sharp";
import { describe, expect, it } from "vitest";
import type { Contender } from "../../src/bench/peers-contender.js";
import { mediansOf, psnrBetween, runRounds } from "../../src/bench/peers-rounds.js";
import { paint } from "../support/images.js";

/** A contender whose times are scripted; notes its turns in `turns`. */
function scripted(
  turns: string[],
  settings: string,
  script: { format?: Contender["format"]; failsAt?: number },
) {
  let calls = 0;
  const { format = "webp", failsAt = Number.POSITIVE_INFINITY } = script;
  const contender: Contender = {
    ...{ program: "ours", format, settings },
    upscale: async (pages) => {
      turns.push(`${settings} ${pages.join("")}`);
      if (++calls >= failsAt) throw new Error(`call ${calls} fails`);
      return {
        ms: 10 * pages.length * calls,
        bytes: 100 * pages.length,
        efforts: pages.length > 1 ? [2, 0, 2] : [4],
      };
    },
    sample: async (page) => {
      turns.push(`${settings} sample ${page}`);
      if (failsAt === 0) throw new Error("no model");
      return new Uint8Array([page]);
    },
  };
  return contender;
}

const plan = { pages: 3, count: 4, rounds: 2, lone: 1, onProgress: () => undefined };

describe("runRounds", () => {
  it("lets contenders take turns, every other round from the other end", async () => {
    const turns: string[] = [];
    const [first] = await runRounds([scripted(turns, "a", {}), scripted(turns, "b", {})], plan);
    const [warmUp, ...rounds] = [turns.slice(0, 2), turns.slice(2, 6), turns.slice(6)];
    expect(warmUp).toEqual(["a sample 0", "b sample 0"]);
    expect(rounds).toEqual([
      ["a 0120", "a 0", "b 0120", "b 0"],
      ["b 0120", "b 1", "a 0120", "a 1"],
    ]);
    // 4 pages in 40 and 120 ms; lone ones in 20 and 40.
    expect(first?.pagesPerSecond[0]).toBeCloseTo(100);
    expect(first?.pagesPerSecond[1]).toBeCloseTo(100 / 3);
    expect(first).toMatchObject({ aloneMs: [20, 40], bytesPerPage: 100, failure: null });
    expect(first).toMatchObject({ efforts: [0, 2], aloneEfforts: [4] });
    expect(first && mediansOf(first).aloneMs).toBe(30);
  });

  it("leaves out the one that fails and goes on with the others", async () => {
    const turns: string[] = [];
    const contenders = [
      scripted(turns, "a", { failsAt: 2 }),
      scripted(turns, "b", { failsAt: 0 }),
      scripted(turns, "c", {}),
    ];
    const standings = await runRounds(contenders, plan);
    expect(standings.map(({ failure }) => failure)).toEqual(["call 2 fails", "no model", null]);
    expect(standings[2]?.pagesPerSecond).toHaveLength(2);
    expect(turns.filter((turn) => turn.startsWith("a"))).toEqual(["a sample 0", "a 0120", "a 0"]);
    expect(turns.filter((turn) => turn.startsWith("b"))).toEqual(["b sample 0"]);
  });

  it("only looks at PNG", async () => {
    const turns: string[] = [];
    const [standing] = await runRounds([scripted(turns, "a", { format: "png" })], plan);
    expect(turns).toEqual(["a sample 0"]);
    expect(standing).toMatchObject({ sample: new Uint8Array([0]), bytesPerPage: null });
    expect(standing && mediansOf(standing).pagesPerSecond).toBeNaN();
  });
});

describe("psnrBetween", () => {
  const encode = ({ data, width, height }: ReturnType<typeof paint>) =>
    sharp(data, { raw: { width, height, channels: 3 } });

  it("compares pixels, whatever the files", async () => {
    const image = paint(20, 10, (x, y) => [x, y, 7]);
    const off = paint(20, 10, (x, y) => [x + 1, y + 1, 8]);
    const [png, webp, brighter] = await Promise.all([
      encode(image).png().toBuffer(),
      encode(image).webp({ lossless: true }).toBuffer(),
      encode(off).png().toBuffer(),
    ]);
    expect(await psnrBetween(png, webp)).toBe(Number.POSITIVE_INFINITY);
    expect(await psnrBetween(png, brighter)).toBeCloseTo(48.13, 2);
  });

  it("takes grey for colour with equal channels", async () => {
    const grey = paint(20, 10, (x) => [x, x, x]);
    const [colour, single] = await Promise.all([
      encode(grey).png().toBuffer(),
      encode(grey).toColourspace("b-w").png().toBuffer(),
    ]);
    expect(await psnrBetween(colour, single)).toBe(Number.POSITIVE_INFINITY);
  });

  it("refuses images of two sizes", async () => {
    const [a, b] = await Promise.all(
      [20, 22].map((width) =>
        encode(paint(width, 10, () => [1, 2, 3]))
          .png()
          .toBuffer(),
      ),
    );
    await expect(psnrBetween(a as Buffer, b as Buffer)).rejects.toThrow("expected two images of one size");
  });
});
