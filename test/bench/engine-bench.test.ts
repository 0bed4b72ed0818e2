import { describe, expect, it } from "vitest";
import { benchReport } from "../../src/bench/bench-report.js";
import {
  type BenchEngine,
  type BenchSubject,
  benchSubjects,
  subjectName,
} from "../../src/bench/bench-subject.js";
import { formatPageBench, markdownTable } from "../../src/bench/bench-tables.js";
import { type BenchPlan, benchPage } from "../../src/bench/engine-bench.js";
import { shippedModel } from "../support/engines.js";
import { paint } from "../support/images.js";

const model = await shippedModel();
const image = paint(48, 36, (x, y) => [x, y, 7]);
const device = {
  type: "discrete",
  fp16Storage: true,
  fp16Arithmetic: false,
  cooperativeMatrix: false,
  fusedConvolution: false,
  directConvolution: false,
} as const;
const subjects = benchSubjects("table", [2], device);

/** Engines whose speed, exactness and memory are scripted; notes every call. */
function scripted(
  script: Record<string, { ms?: number; network?: number; off?: number; fails?: string }> = {},
) {
  const calls: string[] = [];
  let [open, mostOpen] = [0, 0];
  const load = async (_: unknown, subject: BenchSubject): Promise<BenchEngine> => {
    const name = subjectName(subject, false);
    const { ms = 4, network = 1, off = 0, fails } = script[name] ?? {};
    if (fails) throw new Error(fails);
    calls.push(`open ${name}`);
    mostOpen = Math.max(mostOpen, ++open);
    let peak = 0;
    return {
      upscale: async (page, { tile }) => {
        calls.push(`upscale ${name} ${tile}`);
        await new Promise((resolve) => setTimeout(resolve, ms));
        const used = tile || 48;
        peak = Math.max(peak, used);
        const data = page.data.map((value, i) => (off > 0 && i % off === 0 ? value + 1 : value));
        return { image: { ...page, data }, tile: used, warnings: [] };
      },
      timeNetwork: async (_width, _height, runs) => Array.from({ length: runs }, (_, i) => network + i),
      peakMb: () => peak,
      close: async () => {
        open--;
      },
    };
  };
  const plan: BenchPlan = { open: load, subjects, tiles: [0, 32], rounds: 2, count: 3, isCpu: false };
  return { plan, calls, openNow: () => open, mostOpen: () => mostOpen };
}

const page = { name: "page.png", image };

describe("benchPage", () => {
  it("measures every subject in turn, each on an engine of its own, and closes all", async () => {
    const { plan, calls, openNow, mostOpen } = scripted();
    const { subjects: rows } = await benchPage(plan, model, page);
    const opened = calls.filter((call) => call.startsWith("open ")).map((call) => call.slice(5));
    const names = subjects.map((subject) => subjectName(subject, false));
    expect(opened.slice(0, 9)).toEqual(["fp32", ...names, ...names]);
    expect([openNow(), mostOpen()]).toEqual([0, 1]);
    expect(rows.map(({ sample }) => sample?.networkMs)).toEqual([3, 3, 3, 3]);
    for (const { sample } of rows) expect(sample?.wholeMs).toBeGreaterThanOrEqual(3.5);
  });

  it("goes on with the fastest that is exact enough", async () => {
    const { plan, calls } = scripted({
      fp32: { network: 12 },
      "fp16-storage": { network: 1, off: 1 },
      "fp32-winograd": { network: 2, ms: 8 },
      "fp16-storage-winograd": { network: 3 },
    });
    const { chosen, subjects: rows } = await benchPage(plan, model, page);
    expect(subjectName(chosen, false)).toBe("fp32-winograd");
    expect(rows.find(({ key }) => subjectName(key, false) === "fp16-storage")?.sample?.psnrDb).toBeLessThan(
      50,
    );
    const inTiles = calls.filter((call) => call.endsWith(" 32"));
    expect(new Set(inTiles)).toEqual(new Set(["upscale fp32-winograd 32"]));
  });

  it("measures small tiles before large ones, so that their memory shows", async () => {
    const { plan } = scripted();
    const { tiles } = await benchPage(plan, model, page);
    expect(tiles.map(({ key, sample }) => [key, sample?.peakMb, sample?.tiles])).toEqual([
      [32, 32, 4],
      [0, 48, 1],
    ]);
  });

  it("keeps the row of a subject that fails, with its reason, and tries it once", async () => {
    const { plan } = scripted({ "fp16-storage": { fails: "no such shader | at all" } });
    const bench = await benchPage(plan, model, page);
    const failed = bench.subjects.find(({ sample }) => sample === null);
    expect(failed?.failure).toBe("no such shader | at all");
    expect(formatPageBench(bench, false)).toContain("failed: no such shader \\| at all");
  });

  it("gives up, with the reasons, when nothing is exact enough or fp32 cannot be computed", async () => {
    const bad = { off: 1 };
    const { plan } = scripted({ "fp32-winograd": bad, "fp16-storage": bad, "fp16-storage-winograd": bad });
    const noReference = { ...plan, subjects: subjects.slice(1) };
    await expect(benchPage(noReference, model, page)).rejects.toThrow(/at least 50 dB, received: 48\.1 dB/);
    await expect(benchPage(scripted({ fp32: { fails: "lost" } }).plan, model, page)).rejects.toThrow("lost");
  });

  it("counts pages per second with more calls in flight", async () => {
    const { plan } = scripted({});
    const { inFlight } = await benchPage({ ...plan, count: 8 }, model, page);
    const [one, , four] = inFlight;
    expect(inFlight.map((row) => row.inFlight)).toEqual([1, 2, 4]);
    expect(four?.pagesPerSecond).toBeGreaterThan(1.5 * (one?.pagesPerSecond ?? 0));
  });
});

describe("the tables", () => {
  it("line their columns up", () => {
    expect(
      markdownTable(
        ["name", "ms"],
        [
          ["a", "1.0"],
          ["longer", "10.0"],
        ],
      ),
    ).toBe(["| name   |   ms |", "| ------ | ---: |", "| a      |  1.0 |", "| longer | 10.0 |"].join("\n"));
  });

  it("show each subject, tile and number in flight, network and crossing apart", async () => {
    const bench = await benchPage(scripted().plan, model, page);
    const text = formatPageBench(bench, false);
    for (const name of ["fp32-winograd", "automatic", "network's share", "identical", "crossing ms"]) {
      expect(text).toContain(name);
    }
    const cells = text
      .split("\n")
      .find((line) => line.startsWith("| fp32 "))
      ?.split("|")
      .map((cell) => cell.trim());
    const [whole, network, crossing] = [Number(cells?.[5]), Number(cells?.[4]), Number(cells?.[6])];
    expect(whole - network).toBeCloseTo(crossing, 1);
  });

  it("are JSON without loss: no null where results are identical", async () => {
    const bench = await benchPage(scripted().plan, model, page);
    const setting = { program: "p", node: "n", device: "d", driver: "r", date: "t", rounds: 2, count: 3 };
    const report = JSON.parse(JSON.stringify(benchReport(setting, [bench])));
    expect(report.pages[0].subjects[0]).toMatchObject({
      arithmetic: "fp32",
      psnrDb: "identical",
      networkMs: 3,
    });
    expect(report.pages[0]).toMatchObject({ model: { name: model.name }, page: { width: 48, height: 36 } });
  });
});
