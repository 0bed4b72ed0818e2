import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Writable } from "node:stream";
import { Command } from "commander";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { PEER_MODELS } from "../../src/bench/peers-models.js";
import { runBenchPeers } from "../../src/commands/bench-peers.js";
import {
  addBenchPeersOptions,
  type BenchPeersChoice,
  peerThreads,
} from "../../src/commands/bench-peers-options.js";
import { hasPython, TILE, writeFakeSite, writeFakeWheels } from "../bench/peers/fake-site.js";
import { shippedModel } from "../support/engines.js";
import { screentonePage } from "../support/pages.js";

function parse(...args: string[]): BenchPeersChoice & { pages: readonly string[] } {
  const command = addBenchPeersOptions(
    new Command("peers").exitOverride().configureOutput({ writeErr: () => undefined }),
  );
  command.parse(["--models", "published", ...args], { from: "user" });
  return { pages: command.args, ...(command.opts() as BenchPeersChoice) };
}

describe("the options of bench peers", () => {
  it("compare everything with the peer's best settings unless told otherwise", () => {
    expect(parse()).toMatchObject({
      ...{ models: "published", gpuId: "auto", model: ["upconv7", "cunet", "realcugan"], effort: [null, 4] },
      ...{ tile: [400, 1200], peerThreads: null, rounds: 3, lone: 3, wheels: null, json: null },
    });
  });

  it("replace the defaults", () => {
    const args = [
      "-m",
      "cunet",
      "--effort",
      "0",
      "--effort",
      "auto",
      "--tile",
      "800",
      "--peer-threads",
      "4,2,16",
    ];
    expect(parse(...args, "-g", "-1", "a.png")).toMatchObject({
      ...{ model: ["cunet"], effort: [0, null], tile: [800], gpuId: -1, pages: ["a.png"] },
      peerThreads: { decode: 4, upscale: 2, encode: 16 },
    });
  });

  it.each([
    ["-m", "esrgan"],
    ["--effort", "7"],
    ["--tile", "31"],
    ["--peer-threads", "4,2"],
    ["--peer-threads", "4,2,0"],
    ["--peer-threads", "4,2,16,1"],
    ["--rounds", "0"],
  ])("refuse %s %s", (...args) => {
    expect(() => parse(...args)).toThrow(/expected/);
  });

  it("run one inference at a time on the CPU, on all its cores, and two on a GPU", () => {
    expect(peerThreads(null, false)).toMatchObject({ decode: 4, upscale: 2 });
    const { upscale, cpu, encode } = peerThreads(null, true);
    expect({ upscale, cpu }).toEqual({ upscale: 1, cpu: encode });
    expect(peerThreads({ decode: 1, upscale: 2, encode: 3 }, true)).toMatchObject({ upscale: 2, encode: 3 });
  });
});

function collector() {
  let text = "";
  const stream = new Writable({
    write(chunk, _, done) {
      text += chunk;
      done();
    },
  });
  return { stream, text: () => text };
}

describe.skipIf(!hasPython("bench peers", "pip"))("runBenchPeers", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "bdreader-bench-peers-"));
    await writeFakeSite(join(folder, "site"));
    await writeFakeWheels(join(folder, "site"), join(folder, "wheels"));
    await writeFile(join(folder, "page.jpg"), await screentonePage(60, 50));
    const { paramPath, binPath } = await shippedModel();
    for (const { file } of PEER_MODELS.slice(0, 2)) {
      const stem = join(folder, "published", file);
      await mkdir(dirname(stem), { recursive: true });
      await copyFile(paramPath, `${stem}.param`);
      await copyFile(binPath, `${stem}.bin`);
    }
  });
  afterAll(() => rm(folder, { recursive: true }));
  afterEach(() => vi.unstubAllEnvs());

  async function run(...args: string[]) {
    vi.stubEnv("BDREADER_CACHE_DIR", join(folder, "cache"));
    const [output, progress] = [collector(), collector()];
    const json = join(folder, "report.json");
    const few = ["--count", "2", "--rounds", "2", "--lone", "1", "--effort", "0", "-g", "-1", "--json", json];
    const choice = parse(...few, "--wheels", join(folder, "wheels"), ...args, join(folder, "page.jpg"));
    const published = { ...choice, models: join(folder, "published") };
    const code = await runBenchPeers(published, output.stream, progress.stream);
    return { code, text: output.text(), report: JSON.parse(await readFile(json, "utf8")) };
  }

  it("measures the worker over its pipes and the peer, in turns", async () => {
    const { code, text, report } = await run("-m", "cunet", "--tile", "400");
    expect(code).toBe(0);
    const [{ standings, comparisons, ours, peer }] = report.models;
    expect(standings).toHaveLength(6);
    for (const { format, pagesPerSecond, aloneMs, failure } of standings) {
      expect(failure).toBeNull();
      expect([pagesPerSecond, aloneMs].map(({ length }) => length)).toEqual(
        format === "png" ? [0, 0] : [2, 2],
      );
    }
    expect(comparisons.map(({ throughput }: { throughput: number }) => throughput > 0)).toEqual([
      true,
      true,
      false,
    ]);
    expect(Object.keys(ours).sort()).toEqual(["device", "weights"]);
    expect({ backend: ours.device.backend, peer }).toEqual({
      backend: "cpu",
      peer: { version: "2.1.0", device: "CPU" },
    });
    expect(text).toContain("## waifu2x cunet, noise 0");
    expect(text).toContain("DIFFERENT weights");
  });

  it("goes on where a model is missing on our side and the peer crashes", async () => {
    const tiles = ["--tile", String(TILE.crash), "--tile", "400"];
    const { code, text, report } = await run("-m", "realcugan", ...tiles);
    expect(code).toBe(1);
    const [{ standings }] = report.models;
    type Row = { program: string; settings: string; failure: string | null };
    const failureOf = (wanted: string) =>
      standings.find(({ settings }: Row) => settings.endsWith(wanted)).failure;
    expect(standings.filter(({ program }: Row) => program === "ours")).toSatisfy((rows: Row[]) =>
      rows.every(({ failure }) => failure?.includes("expected a model file at")),
    );
    expect(failureOf(`tile ${TILE.crash}`)).toMatch(/^it ended with SIGSEGV/);
    expect(failureOf("tile 400")).toBeNull();
    expect(text).toMatch(/bdreader-ncnn-upscaler cannot run this model: expected a model file at/);
  });
});
