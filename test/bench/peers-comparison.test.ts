import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { compareStandings, type ModelComparison } from "../../src/bench/peers-comparison.js";
import type { Contender } from "../../src/bench/peers-contender.js";
import { PEER_MODELS } from "../../src/bench/peers-models.js";
import { formatModelComparison, peersReport } from "../../src/bench/peers-report.js";
import type { Standing } from "../../src/bench/peers-rounds.js";

const unused = () => Promise.reject(new Error("not called"));

function standing(
  program: Contender["program"],
  settings: string,
  { format = "webp", ...rest }: Partial<Standing> & { format?: Contender["format"] } = {},
): Standing {
  const contender: Contender = { program, format, settings, upscale: unused, sample: unused };
  const nothing = { pagesPerSecond: [], aloneMs: [], bytesPerPage: null, sample: null, failure: null };
  const efforts = { efforts: [0, 2], aloneEfforts: [4] };
  return { contender, ...nothing, ...efforts, ...rest };
}

const grey = (value: number, width = 8) =>
  sharp({ create: { width, height: 8, channels: 3, background: { r: value, g: value, b: value } } })
    .png()
    .toBuffer();

const ours = standing("ours", "q90, the worker's effort", {
  ...{ pagesPerSecond: [50, 60, 70], aloneMs: [100, 120], bytesPerPage: 2048, sample: await grey(7) },
});
const tile400 = standing("peer", "tile 400", {
  ...{ pagesPerSecond: [20], aloneMs: [220], bytesPerPage: 1024, sample: await grey(7) },
});
const tile1200 = standing("peer", "tile 1200", {
  ...{ pagesPerSecond: [15], aloneMs: [165], bytesPerPage: 1000, sample: await grey(7) },
});
const failed = standing("peer", "tile 9", { failure: "it ended\nwith SIGSEGV" });

async function comparison(
  standings: readonly Standing[],
  other: Partial<ModelComparison> = {},
): Promise<ModelComparison> {
  const [model] = PEER_MODELS;
  if (model === undefined) throw new Error("expected a model");
  return {
    model,
    ours: { device: { index: 0, name: "Card", backend: "vulkan" }, weights: "a".repeat(64) },
    peer: { version: "2.1.0", device: "Card" },
    peerThreads: { decode: 4, upscale: 2, encode: 16, cpu: 16 },
    peerWeights: "a".repeat(64),
    standings,
    comparisons: await compareStandings(standings),
    ...other,
  };
}

describe("compareStandings", () => {
  it("takes the peer's most pages a second and its shortest page, of the same format", async () => {
    const jpeg = standing("peer", "tile 400", { format: "jpeg", pagesPerSecond: [999], aloneMs: [1] });
    expect(await compareStandings([jpeg, tile1200, failed, ours, tile400])).toEqual([
      { ours, throughput: 3, alone: 1.5, bytes: 2, psnrDb: Number.POSITIVE_INFINITY },
    ]);
  });

  it("compares nothing with nothing", async () => {
    const none = { throughput: null, alone: null, bytes: null, psnrDb: "no output" };
    expect(await compareStandings([ours, failed])).toEqual([{ ours, ...none }]);
    const dead = standing("ours", "q90", { failure: "no model" });
    expect(await compareStandings([dead, tile400])).toEqual([{ ours: dead, ...none }]);
  });

  it("says so when the outputs have two sizes", async () => {
    const wide = { ...tile400, sample: await grey(7, 9) };
    const [found] = await compareStandings([ours, wide]);
    expect(found).toMatchObject({
      throughput: 3,
      psnrDb: expect.stringMatching(/expected two images of one size/),
    });
  });
});

describe("formatModelComparison", () => {
  it("shows both programs, their ratio, and why a row failed", async () => {
    const text = formatModelComparison(await comparison([ours, tile400, failed]));
    expect(text).toMatch(
      /\| bdreader-ncnn-upscaler: WebP q90, the worker's effort \| +60\.00 \| +110 \| +2 \| 0 to 2 \| +4 \|/,
    );
    expect(text).toMatch(/\| sr-vulkan: WebP tile 400 +\| +20\.00 \| +220 \| +1 \|/);
    expect(text).toMatch(/\| sr-vulkan: WebP tile 9 +\| +failed \|/);
    expect(text).toContain("- sr-vulkan: WebP tile 9 failed: it ended with SIGSEGV");
    expect(text).toMatch(
      /\| WebP q90, the worker's effort \| +3\.00 x \| 2\.00 x \| 2\.00 x \| identical \|/,
    );
    expect(text).toContain("4 decoders, 2 inferences at once, 16 encoders. The same weights, SHA-256 aaaa");
  });

  it.each([
    [{ peerWeights: "b".repeat(64) }, "DIFFERENT weights: SHA-256 aaaaaaaaaaaaaaaa and bbbbbbbbbbbbbbbb."],
    [
      { peerWeights: { failure: "found none" }, peer: null },
      "sr-vulkan did not start. sr-vulkan cannot run this model: found none",
    ],
    [{ ours: { failure: "no such file" } }, "cannot run this model: no such file"],
  ])("says what makes the figures no comparison: %j", async (other, text) => {
    expect(formatModelComparison(await comparison([ours, tile400], other))).toContain(text);
  });
});

describe("peersReport", () => {
  it("is JSON with every round, without images", async () => {
    const setting = {
      ...{
        program: "p",
        node: "v20",
        date: "2026-11-22",
        cores: 16,
        pages: ["a.jpg"],
        count: 24,
        rounds: 3,
        lone: 3,
      },
    };
    const read = JSON.parse(
      JSON.stringify(peersReport(setting, [await comparison([ours, failed, tile400])])),
    );
    expect(read.models[0]).toMatchObject({
      model: "upconv7",
      standings: [
        { pagesPerSecond: [50, 60, 70] },
        { failure: "it ended\nwith SIGSEGV" },
        { aloneMs: [220] },
      ],
      comparisons: [{ throughput: 3, psnrDb: "identical" }],
    });
    expect(JSON.stringify(read)).not.toContain("sample");
  });
});
