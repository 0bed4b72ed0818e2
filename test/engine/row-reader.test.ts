import { afterEach, describe, expect, it } from "vitest";
import type { RowReader } from "../../src/engine/engine.js";
import type { NcnnEngine } from "../../src/engine/ncnn-engine.js";
import type { PixelBuffer } from "../../src/stages/page.js";
import { loadEngine, never, shippedModel, vulkanDevices } from "../support/engines.js";
import { paintScreentone } from "../support/images.js";

const model = await shippedModel();
const image = paintScreentone(150, 400);
const engines: NcnnEngine[] = [];

afterEach(() => Promise.all(engines.splice(0).map((engine) => engine.close())));

async function open(device: number): Promise<NcnnEngine> {
  const engine = await loadEngine(model, device);
  engines.push(engine);
  return engine;
}

const devices = [
  { name: "the CPU", index: -1, isThere: true },
  { name: "Vulkan", index: vulkanDevices[0]?.index ?? 0, isThere: vulkanDevices.length > 0 },
];

describe.each(devices)("rows on $name", ({ index, isThere }) => {
  it.skipIf(!isThere)(
    "are final when they are shown, from the top on, before the whole is done",
    async () => {
      const engine = await open(index);
      const shown: { rows: number; copy: Uint8Array }[] = [];
      const rowReader: RowReader = {
        onRows: ({ data, width }, rows) => {
          shown.push({ rows, copy: data.slice(0, rows * width * 3) });
        },
        letGo: () => Promise.reject(new Error("expected no failure")),
      };
      const { image: whole } = await engine.upscale(image, { tile: 50, signal: never, rowReader });
      expect(shown.length).toBeGreaterThan(1);
      expect(shown[0]?.rows).toBeLessThan(whole.height);
      expect(shown.map(({ rows }) => rows)).toEqual(shown.map(({ rows }) => rows).sort((a, b) => a - b));
      for (const { copy } of shown) expect(Buffer.compare(copy, whole.data.subarray(0, copy.length))).toBe(0);
      whole.release?.();
    },
  );

  it.skipIf(!isThere)("stay readable after a failure until the reader lets go", async () => {
    const engine = await open(index);
    const controller = new AbortController();
    const states: string[] = [];
    let seen: PixelBuffer | null = null;
    const rowReader: RowReader = {
      onRows: (result) => {
        seen = result;
        controller.abort(new Error("enough"));
      },
      letGo: async () => {
        await new Promise((resolve) => setImmediate(resolve));
        states.push(`let go of ${seen?.data.length} bytes`);
      },
    };
    const upscaled = engine.upscale(image, { tile: 32, signal: controller.signal, rowReader });
    await expect(upscaled).rejects.toThrow("enough");
    expect(states).toEqual([`let go of ${image.data.length * 4} bytes`]);
  });
});

it.skipIf(vulkanDevices.length === 0)("an output cannot be released while its job is at work", async () => {
  const engine = await open(devices[1]?.index ?? 0);
  const controller = new AbortController();
  const released: unknown[] = [];
  const rowReader: RowReader = {
    onRows: (result) => {
      if (released.length > 0) return;
      try {
        result.release?.();
        released.push("released");
      } catch (thrown) {
        released.push(thrown);
      }
      controller.abort(new Error("enough"));
    },
    letGo: async () => undefined,
  };
  await expect(engine.upscale(image, { tile: 32, signal: controller.signal, rowReader })).rejects.toThrow(
    "enough",
  );
  expect(String(released[0])).toMatch(/expected an array whose job is finished/);
});
