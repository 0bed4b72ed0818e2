import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { arithmeticName } from "../../src/engine/arithmetic.js";
import { CacheFolder } from "../../src/engine/cache-folder.js";
import type { ProfileKey } from "../../src/engine/device-profile.js";
import { profileDigest } from "../../src/engine/device-profile.js";
import { type SettlingParts, settleArithmetic } from "../../src/engine/settle-arithmetic.js";
import { createLog } from "../../src/log.js";
import { type FakeProbe, FakeProbes } from "./fake-probes.js";

const key: ProfileKey = {
  ...{ deviceUuid: "00ff", driverVersion: "580.1", modelSha256: "ab".repeat(32), programVersion: "1.0.0" },
};
const gpu = {
  type: "discrete",
  fp16Storage: true,
  fp16Arithmetic: true,
  cooperativeMatrix: true,
  fusedConvolution: true,
  directConvolution: false,
} as const;
const FASTEST = "fp16-storage-winograd-coopmat";
const FUSED = "fp16-storage-coopmat-fused";

let root: string;
let folder: CacheFolder;
let logged: string[];
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "bdreader-settle-"));
  const opened = await CacheFolder.open(root);
  if (opened.folder === null) throw new Error(opened.reason);
  folder = opened.folder;
  logged = [];
});
afterEach(() => rm(root, { recursive: true }));

async function settle(
  probes: Record<string, FakeProbe> = { [FASTEST]: { ms: [5] } },
  changed: Partial<SettlingParts> = {},
  others: FakeProbe = { ms: [10] },
) {
  const fakes = new FakeProbes(probes, others);
  const settled = await settleArithmetic({
    ...{ request: { precision: "auto", winograd: true }, device: gpu, key, folder },
    ...{ load: fakes.load, now: fakes.now },
    log: createLog((line) => logged.push(line)),
    ...changed,
  });
  return { fakes, settled, name: arithmeticName(settled.arithmetic) };
}

describe("settleArithmetic", () => {
  it("measures at the first start and keeps what it found, rows included", async () => {
    const first = await settle();
    expect({ name: first.name, origin: first.settled.origin }).toEqual({ name: FASTEST, origin: "measured" });
    expect(first.settled.rows).toHaveLength(11);
    const second = await settle({});
    expect({ name: second.name, origin: second.settled.origin }).toEqual({ name: FASTEST, origin: "kept" });
    expect(second.settled.rows).toEqual(first.settled.rows);
    expect(second.fakes.loaded).toEqual([]);
  });

  it("measures again for another driver", async () => {
    await settle();
    const { settled } = await settle({}, { key: { ...key, driverVersion: "590" } });
    expect(settled.origin).toBe("measured");
  });

  it("keeps a choice for each request", async () => {
    await settle();
    const { name } = await settle({}, { request: { precision: "fp32", winograd: false } });
    expect(name).toBe("fp32");
    expect((await settle({})).name).toBe(FASTEST);
  });

  it.each(["cpu", "software"] as const)(
    "measures nothing and writes nothing on a %s device",
    async (type) => {
      const { fakes, settled, name } = await settle({}, { device: { ...gpu, type } });
      expect({ name, origin: settled.origin }).toEqual({ name: "fp32-winograd", origin: "only" });
      expect(fakes.loaded).toEqual([]);
      expect(await readdir(folder.path)).toEqual([]);
      expect(settled.pipelineCachePath === "").toBe(type === "cpu");
    },
  );

  it("gives each arithmetic a pipeline cache and forgets those of the slower ones", async () => {
    const fakes = new FakeProbes({ [FASTEST]: { ms: [5] } });
    const load: SettlingParts["load"] = async (arithmetic, path) => {
      await writeFile(path, "");
      return fakes.load(arithmetic, path);
    };
    const { settled } = await settle({}, { load, now: fakes.now });
    expect(new Set(fakes.paths).size).toBe(11);
    expect(settled.pipelineCachePath).toBe(folder.pathOf(`${profileDigest(key)}-${FASTEST}.pipelines`));
    expect((await readdir(folder.path)).filter((name) => name.endsWith(".pipelines"))).toHaveLength(1);
  });

  it("works without a folder, measuring every time and caching no pipelines", async () => {
    for (let start = 0; start < 2; start++) {
      const { settled, fakes, name } = await settle(undefined, { folder: null });
      expect({ name, origin: settled.origin, path: settled.pipelineCachePath }).toEqual({
        ...{ name: FASTEST, origin: "measured", path: "" },
      });
      expect(new Set(fakes.paths)).toEqual(new Set([""]));
    }
  });

  it("goes on when the profile cannot be written, and says so", async () => {
    await rm(folder.path, { recursive: true });
    const { name } = await settle();
    expect(name).toBe(FASTEST);
    expect(logged.join("\n")).toMatch(/cannot be kept.*ENOENT/);
    await CacheFolder.open(root);
  });

  it("uses fp32 when nothing can be measured, and tries once more at the next start only", async () => {
    const failing = { ms: [1], fails: "load" } as const;
    for (const [loads, origin] of [
      [1, "cautious"],
      [1, "cautious"],
      [0, "cautious"],
    ] as const) {
      const { fakes, settled, name } = await settle({}, {}, failing);
      expect({ loads: fakes.loaded.length, name, origin: settled.origin }).toEqual({
        ...{ loads, name: "fp32-winograd", origin },
      });
    }
    expect(logged.join("\n")).toMatch(/did not end/);
  });

  it("remembers a measurement that took the process with it", async () => {
    const dies: SettlingParts["load"] = () => new Promise(() => undefined);
    for (let start = 0; start < 2; start++) {
      const before = logged.length;
      void settle({}, { load: dies });
      await expect
        .poll(async () => (await readdir(folder.path)).some((name) => name.endsWith(".json")))
        .toBe(true);
      await expect
        .poll(async () => JSON.stringify(await folder.readJson(`${profileDigest(key)}.json`)))
        .toContain(`"unfinished":${start + 1}`);
      expect(logged.length).toBe(before);
    }
    const { settled, fakes } = await settle();
    expect(settled.origin).toBe("cautious");
    expect(fakes.loaded).toEqual([]);
  });

  /** Begins to settle and waits for the fused convolutions, which never end. */
  const dieWhenFused = () =>
    new Promise<void>((resolve) => {
      const fakes = new FakeProbes({ [FASTEST]: { ms: [5] } });
      const load: SettlingParts["load"] = (arithmetic, path) => {
        if (arithmeticName(arithmetic) !== FUSED) return fakes.load(arithmetic, path);
        resolve();
        return new Promise(() => undefined);
      };
      void settle({}, { load, now: fakes.now });
    });

  it("keeps the others' result when fused convolutions take the process with them, and tries once more only", async () => {
    await dieWhenFused();
    await dieWhenFused();
    const { settled, name, fakes } = await settle({ [FUSED]: { ms: [1] } });
    expect({ name, origin: settled.origin, loaded: fakes.loaded }).toEqual({
      ...{ name: FASTEST, origin: "kept", loaded: [] },
    });
    expect(settled.rows.at(-1)?.outcome).toEqual({ kind: "failed", reason: "its measurement did not end" });
  });

  it("takes fused convolutions that were interrupted once", async () => {
    await dieWhenFused();
    const { settled, name } = await settle({ [FUSED]: { ms: [1] } });
    expect({ name, origin: settled.origin }).toEqual({ name: FUSED, origin: "measured" });
  });

  it("takes fused convolutions when they end and are the fastest", async () => {
    const { settled, name } = await settle({ [FASTEST]: { ms: [5] }, [FUSED]: { ms: [3] } });
    expect({ name, origin: settled.origin }).toEqual({ name: FUSED, origin: "measured" });
    expect((await settle({})).name).toBe(FUSED);
  });

  it("obeys fp16 even where it is not exact, in the most exact way", async () => {
    const { settled, name } = await settle(
      { "fp32-winograd": { ms: [10] } },
      { request: { precision: "fp16", winograd: true } },
      { ms: [1], offEvery: 1 },
    );
    expect({ name, origin: settled.origin }).toEqual({ name: "fp16-storage-winograd", origin: "cautious" });
  });

  it("takes nothing from an edited profile that it could not have chosen", async () => {
    await settle();
    const name = `${profileDigest(key)}.json`;
    const profile = JSON.stringify(await folder.readJson(name));
    const edited = profile.replace(
      /"settled":\{"arithmetic":\{[^}]*\}/,
      '"settled":{"arithmetic":{"fp16Storage":false,"fp16Arithmetic":false,"winograd":false,"directConvolution":false,"cooperativeMatrix":true,"fusedConvolution":"off"}',
    );
    expect(edited).not.toBe(profile);
    await writeFile(folder.pathOf(name), edited);
    expect((await settle()).settled.origin).toBe("measured");
  });
});
