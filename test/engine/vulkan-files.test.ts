import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadEngine, never, shippedModel, vulkanDevices } from "../support/engines.js";
import { compare, paintScreentone } from "../support/images.js";

const [device] = vulkanDevices;
const image = paintScreentone(40, 30);
let folder = "";

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "bdreader-pipelines-"));
});
afterEach(() => rm(folder, { recursive: true }));

async function upscaleWith(pipelineCachePath: string): Promise<Uint8Array> {
  const engine = await loadEngine(await shippedModel(), device?.index ?? 0, { pipelineCachePath });
  const { image: upscaled } = await engine.upscale(image, { tile: 0, signal: never });
  const data = Uint8Array.from(upscaled.data);
  await engine.close();
  return data;
}

describe.skipIf(!device)("files with compiled shaders", () => {
  it("are written once and serve the next engine, with the same result", async () => {
    const path = join(folder, "device.pipelines");
    const first = await upscaleWith(path);
    const names = (await readdir(folder)).sort();
    expect(names).toEqual(["device.pipelines", "device.pipelines.shaders"]);
    const written = (await stat(`${path}.shaders`)).mtimeMs;
    expect(compare(await upscaleWith(path), first).count).toBe(0);
    expect((await stat(`${path}.shaders`)).mtimeMs).toBe(written);
  });

  it.each([
    ["cut short", (bytes: Buffer) => bytes.subarray(0, bytes.length >> 1)],
    ["empty", () => Buffer.alloc(0)],
    ["of something else", () => Buffer.from("not a cache at all, but long enough to have a header")],
    [
      "with a flipped bit",
      (bytes: Buffer) => bytes.map((byte, i) => (i === bytes.length - 9 ? byte ^ 4 : byte)),
    ],
  ])("are ignored and made anew when they are %s", async (_, damage) => {
    const path = join(folder, "device.pipelines");
    const first = await upscaleWith(path);
    const shaders = await readFile(`${path}.shaders`);
    for (const name of [path, `${path}.shaders`]) await writeFile(name, damage(await readFile(name)));
    expect(compare(await upscaleWith(path), first).count).toBe(0);
    expect(await readFile(`${path}.shaders`)).toEqual(shaders);
  });

  it("are done without where they cannot be written", async () => {
    const first = await upscaleWith("");
    expect(compare(await upscaleWith(join(folder, "absent", "device.pipelines")), first).count).toBe(0);
    expect(await readdir(folder)).toEqual([]);
  });
});
