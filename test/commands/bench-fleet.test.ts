import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { Command } from "commander";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { UpscaleClient } from "../../src/client/upscale-client.js";
import { deviceCounts, runBenchFleet } from "../../src/commands/bench-fleet.js";
import { addBenchFleetOptions } from "../../src/commands/bench-fleet-options.js";
import { screentonePage } from "../support/pages.js";
import { TEST_WORKER } from "../support/worker.js";

let folder: string;
let page: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bdreader-bench-"));
  page = join(folder, "page.jpg");
  await writeFile(page, await screentonePage(48, 32));
});
afterAll(() => rm(folder, { recursive: true }));

function parse(...args: string[]) {
  const quiet = { writeErr: () => undefined };
  const command = addBenchFleetOptions(new Command("fleet").exitOverride().configureOutput(quiet));
  command.parse(args, { from: "user" });
  return { pages: command.args, ...command.opts() };
}

describe("the options of bench fleet", () => {
  it("name devices, models and pages", () => {
    expect(parse("a.jpg", "-g", "0,1", "-m", "x", "-m", "y")).toMatchObject({
      ...{ pages: ["a.jpg"], gpuId: [0, 1], model: ["x", "y"], rounds: 3, json: null },
    });
  });

  it.each([[[]], [["-g", "0,0"]], [["-g", "0,1", "--count", "0"]]])("refuse %j", (args) => {
    expect(() => parse(...args)).toThrow();
  });
});

describe("the numbers of devices that are compared", () => {
  it.each([
    [1, [1]],
    [2, [1, 2]],
    [3, [1, 2, 3]],
    [4, [1, 2, 4]],
    [8, [1, 2, 4, 8]],
  ])("of %i", (all, counts) => {
    expect(deviceCounts(all)).toEqual(counts);
  });
});

describe("bench fleet", () => {
  it("measures each number of devices in turn, and prints and writes what it has measured", async () => {
    const json = join(folder, "out.json");
    const opened: number[] = [];
    const open = (_model: string | null, devices: number) => {
      opened.push(devices);
      const args = [TEST_WORKER, "--fault", "slow=5", "--fleet", String(devices)];
      return UpscaleClient.spawn({ command: { command: process.execPath, args }, restart: false });
    };
    const output = new PassThrough();
    const choice = { gpuId: [0, 1], model: [], effort: 0, count: 3, rounds: 2, json, pages: [page] };
    expect(await runBenchFleet(choice, output, open)).toBe(0);
    expect(opened).toEqual([1, 2, 1, 2]);
    const text = String(output.read());
    expect(text).toMatch(/^## nearest-for-tests on nearest.*\(test 1\); nearest.*\(test 2\)$/m);
    expect(text).toMatch(/^\| 1 +\|.* 1\.00 \|/m);
    expect(text).toMatch(/^\| 2 +\|/m);
    const { setting, subjects } = JSON.parse(await readFile(json, "utf8"));
    expect(setting).toMatchObject({ count: 3, rounds: 2, pages: 1 });
    expect(subjects.map(({ devices }: { devices: string[] }) => devices.length)).toEqual([1, 2]);
    for (const { samples } of subjects) {
      expect(samples).toHaveLength(2);
      for (const { pagesPerSecond, upscaling } of samples) {
        expect(pagesPerSecond).toBeGreaterThan(0);
        expect(upscaling).toBeGreaterThan(0);
      }
    }
  });
});
