import { describe, expect, it, vi } from "vitest";
import type { RowReader, UpscaledImage, UpscaleOptions } from "../../src/engine/engine.js";
import { UpscalerError } from "../../src/errors.js";
import type { PixelBuffer } from "../../src/stages/page.js";
import { runPasses } from "../../src/stages/passes.js";
import { enlargementOf } from "./enlargements.js";
import { numbers } from "./images.js";
import { NaiveNearestEngine } from "./naive-nearest-engine.js";

const IMAGE: PixelBuffer = {
  data: new Uint8Array([1, 2, 3, 4, 5, 6]),
  width: 2,
  height: 1,
  channels: 3,
};
const TWICE = enlargementOf(4);
const reader = (): RowReader => ({ onRows: vi.fn(), letGo: async () => undefined });
const never = new AbortController().signal;

/** Its results say whether they are held, and each pass has tiles and warnings of its own. */
class PinnedEngine extends NaiveNearestEngine {
  readonly held = new Set<number>();
  readonly tiles: readonly number[];
  failAt: number | null = null;
  #passes = 0;

  constructor(tiles: readonly number[] = [2, 8]) {
    super(2);
    this.tiles = tiles;
  }

  override async upscale(image: PixelBuffer, options: UpscaleOptions): Promise<UpscaledImage> {
    const pass = this.#passes++;
    const upscaled = await super.upscale(image, { ...options, onTile: () => undefined });
    const total = this.tiles[pass % this.tiles.length] ?? 1;
    for (let done = 1; done <= total; done++) {
      options.signal.throwIfAborted();
      options.onTile?.(done, total);
    }
    if (this.failAt === pass) throw new UpscalerError("out_of_memory", "no room");
    this.held.add(pass);
    const release = () => {
      if (!this.held.delete(pass)) throw new Error(`pass ${pass} was released twice`);
    };
    return {
      image: { ...upscaled.image, release },
      tile: 32 * (pass + 1),
      warnings: ["both", `pass ${pass}`],
    };
  }
}

describe("two passes", () => {
  it("are the engine's result put into the engine, whose first result is given back", async () => {
    const engine = new PinnedEngine();
    const { image, tile, warnings } = await runPasses(engine, IMAGE, TWICE, { tile: 96, signal: never });
    expect([image.width, image.height]).toEqual([8, 4]);
    const row = [1, 2, 3].concat([1, 2, 3], [1, 2, 3], [1, 2, 3], [4, 5, 6], [4, 5, 6], [4, 5, 6], [4, 5, 6]);
    expect(numbers(image.data.subarray(0, 24))).toEqual(row);
    expect(engine.received.map(({ width, height }) => [width, height])).toEqual([
      [2, 1],
      [4, 2],
    ]);
    expect(engine.options.map((options) => options.tile)).toEqual([96, 96]);
    expect([tile, warnings]).toEqual([64, ["both", "pass 0", "pass 1"]]);
    expect([...engine.held]).toEqual([1]);
  });

  it("show rows of the second one only", async () => {
    const engine = new PinnedEngine();
    const rowReader = reader();
    await runPasses(engine, IMAGE, TWICE, { tile: null, signal: never, rowReader });
    expect(engine.options.map((options) => options.rowReader)).toEqual([undefined, rowReader]);
  });

  it.each([[[2, 8]], [[3, 7]], [[1, 1]], [[4, 5]], [[1, 30]]])(
    "of %j tiles count as one work with one total, four fifths of it the second",
    async (tiles) => {
      const onTile = vi.fn();
      await runPasses(new PinnedEngine(tiles), IMAGE, TWICE, { tile: null, signal: never, onTile });
      const [first = 0] = tiles;
      expect(new Set(onTile.mock.calls.map(([, total]) => total))).toEqual(new Set([5 * first]));
      const done = onTile.mock.calls.map(([count]) => Number(count));
      expect(done).toEqual([...done].sort((a, b) => a - b));
      expect([done[first - 1], done.at(-1)]).toEqual([first, 5 * first]);
    },
  );

  it.each([1, 2])("that are aborted in pass %i hold nothing any more", async (pass) => {
    const engine = new PinnedEngine([2, 2]);
    const controller = new AbortController();
    const reason = new UpscalerError("cancelled", "cancelled");
    let tiles = 0;
    const onTile = () => void (++tiles === 2 * pass - 1 && controller.abort(reason));
    const running = runPasses(engine, IMAGE, TWICE, { tile: null, signal: controller.signal, onTile });
    await expect(running).rejects.toBe(reason);
    expect(engine.received).toHaveLength(pass);
    expect(engine.held.size).toBe(0);
  });

  it("that are aborted at the end of the first one do not begin the second", async () => {
    const engine = new PinnedEngine();
    const controller = new AbortController();
    const reason = new UpscalerError("deadline_exceeded", "late");
    const onTile = (done: number) => void (done === 2 && controller.abort(reason));
    const running = runPasses(engine, IMAGE, TWICE, { tile: null, signal: controller.signal, onTile });
    await expect(running).rejects.toBe(reason);
    expect([engine.received.length, engine.held.size]).toEqual([1, 0]);
  });

  it.each([0, 1])("of which number %i fails pass the failure on and hold nothing", async (pass) => {
    const engine = new PinnedEngine();
    engine.failAt = pass;
    const running = runPasses(engine, IMAGE, TWICE, { tile: null, signal: never });
    await expect(running).rejects.toMatchObject({ code: "out_of_memory" });
    expect(engine.held.size).toBe(0);
  });
});

describe("one pass", () => {
  it("hands everything to the engine as it is", async () => {
    const engine = new PinnedEngine([2]);
    const options = { tile: 40, signal: never, onTile: vi.fn(), rowReader: reader() };
    const { image } = await runPasses(engine, IMAGE, enlargementOf(2), options);
    expect([image.width, image.height]).toEqual([4, 2]);
    expect(engine.options[0]?.rowReader).toBe(options.rowReader);
    expect(options.onTile.mock.calls).toEqual([
      [1, 2],
      [2, 2],
    ]);
  });
});
