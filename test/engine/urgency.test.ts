import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { NcnnEngine } from "../../src/engine/ncnn-engine.js";
import { CPU_INDEX } from "../../src/engine/select-device.js";
import type { ResolvedModel } from "../../src/models/catalogue.js";
import { loadEngine, never, shippedModel } from "../support/engines.js";
import { paintScreentone } from "../support/images.js";

let model: ResolvedModel;
let engine: NcnnEngine;
const page = paintScreentone(256, 128);

beforeAll(async () => {
  model = await shippedModel();
});
afterEach(() => engine.close());

/** Starts pages in this order, one tile at a time, and tells in which order they end. */
function race(urgencies: readonly { priority: number }[], onTile: (index: number) => void = () => undefined) {
  const ended: number[] = [];
  const pages = urgencies.map(async (urgency, index) => {
    await engine.upscale(page, { tile: 32, signal: never, urgency, onTile: () => onTile(index) });
    ended.push(index);
  });
  return Promise.all(pages).then(() => ended);
}

describe("tiles of several pages", () => {
  it("are computed for the most urgent page first, also when it comes last", async () => {
    engine = await loadEngine(model, CPU_INDEX, { threads: 1 });
    expect(await race([{ priority: 0 }, { priority: 0 }, { priority: 2 }])).toEqual([2, 0, 1]);
  });

  it("follow a change of urgency while they are computed", async () => {
    engine = await loadEngine(model, CPU_INDEX, { threads: 1 });
    const urgencies = [{ priority: 1 }, { priority: 0 }];
    let changed = false;
    const ended = await race(urgencies, (index) => {
      if (index === 0 && !changed)
        [changed, urgencies[1]] = [
          true,
          Object.assign(urgencies[1] ?? {}, { priority: 2 }) as { priority: number },
        ];
    });
    expect(ended).toEqual([1, 0]);
  });
});
