import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addBenchPipelineOptions } from "../../src/commands/bench-pipeline-options.js";
import { paintScreentone } from "../support/images.js";
import { runCli } from "../support/worker.js";

let folder: string;
let page: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bdreader-bench-"));
  page = join(folder, "page.png");
  const { data, width, height } = paintScreentone(96, 64);
  await sharp(data, { raw: { width, height, channels: 3 } }).toFile(page);
});
afterAll(() => rm(folder, { recursive: true }));

function parse(...args: string[]) {
  const quiet = { writeErr: () => undefined };
  const command = addBenchPipelineOptions(new Command("pipeline").exitOverride().configureOutput(quiet));
  command.parse(args, { from: "user" });
  return { pages: command.args, ...command.opts() };
}

describe("the options of bench pipeline", () => {
  it("are those of the engine, with the same effort for every page", () => {
    expect(parse("a.png")).toMatchObject({
      ...{ pages: ["a.png"], gpuId: "auto", format: "webp", quality: 90, effort: 2, rounds: 2 },
      ...{ json: null, svg: null },
    });
  });

  it.each([
    ["--count", "0"],
    ["--rounds", "x"],
    ["--effort", "7"],
    ["--format", "gif"],
  ])("refuse %s %s", (...args) => {
    expect(() => parse(...args)).toThrow();
  });
});

describe("bench pipeline", () => {
  it("prints the stages and writes JSON and a picture", async () => {
    const [json, svg] = [join(folder, "out.json"), join(folder, "out.svg")];
    const options = ["--gpu-id", "-1", "--count", "4", "--rounds", "1", "--json", json, "--svg", svg];
    const { code, stdout, stderr } = await runCli(["bench", "pipeline", page, ...options]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const text = stdout.toString();
    for (const name of ["decode", "upscale", "encode"])
      expect(text).toMatch(new RegExp(`^\\| ${name} `, "m"));
    const { alone, rounds, summary } = JSON.parse(await readFile(json, "utf8"));
    expect(alone.encode.cpuMs).toBeGreaterThan(0);
    expect(rounds).toHaveLength(1);
    expect(summary.full).toBeGreaterThan(0);
    expect(summary.share).toBeCloseTo(summary.full / summary.bound.least, 6);
    expect((await sharp(svg).metadata()).format).toBe("svg");
  });

  it("says which page cannot be read, and fails for one that is damaged", async () => {
    const missing = await runCli(["bench", "pipeline", join(folder, "no.png"), "-g", "-1"]);
    expect(missing.code).toBe(1);
    expect(missing.stderr).toMatch(/^error: invalid_request: cannot read .*no\.png/);
    const damaged = join(folder, "damaged.png");
    await writeFile(damaged, (await readFile(page)).subarray(0, 60));
    const failed = await runCli(["bench", "pipeline", damaged, "-g", "-1"]);
    expect(failed.code).toBe(1);
    expect(failed.stderr).toMatch(/^error: decode_failed: /);
  });
});

describe("bench", () => {
  it("prints what the worker needed and writes it as JSON", async () => {
    const json = join(folder, "bench.json");
    const { code, stdout } = await runCli(["bench", page, "--gpu-id", "-1", "--count", "3", "--json", json]);
    expect(code).toBe(0);
    expect(stdout.toString()).toMatch(/^at once +3 pages in \d+ ms: [\d.]+ pages\/s/m);
    const report = JSON.parse(await readFile(json, "utf8"));
    expect(report).toMatchObject({ count: 3, source: { width: 96 }, output: { width: 192 }, pages: 1 });
    expect(report.atOnce.total).toBeGreaterThanOrEqual(report.atOnce.upscale);
    expect(report.pagesPerSecond).toBeCloseTo(3000 / report.totalMs, 6);
  });
});
