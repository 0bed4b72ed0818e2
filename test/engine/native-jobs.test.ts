import { expect, it } from "vitest";
import type { NativeUpscaler } from "../../src/engine/native.js";
import { NativeJobs } from "../../src/engine/native-jobs.js";
import type { PixelBuffer } from "../../src/stages/page.js";
import { never } from "../support/engines.js";

const pixels: PixelBuffer = { data: new Uint8Array(12), width: 2, height: 2, channels: 3 };

it("a lane's tile that another one's overtook takes nothing back, but smaller tiles begin anew", async () => {
  const jobs = new NativeJobs();
  const ids: number[] = [];
  const native = { submit: ({ id }: { id: number }) => void ids.push(id) } as unknown as NativeUpscaler;
  const [tiles, rows]: [string[], number[]] = [[], []];
  const rowReader = {
    onRows: (_: PixelBuffer, count: number) => void rows.push(count),
    letGo: () => Promise.resolve(),
  };
  const onTile = (done: number, total: number) => void tiles.push(`${done}/${total}`);
  const running = jobs.run(native, {
    image: pixels,
    output: pixels,
    tile: 0,
    options: { tile: 0, signal: never, onTile, rowReader },
  });
  const [id = Number.NaN] = ids;
  for (const [done, total, finalRows] of [
    [1, 4, 1],
    [3, 4, 3],
    [2, 4, 2],
    [1, 16, 0],
    [2, 16, 4],
  ] as const) {
    jobs.handle({ type: "tile", id, done, total, finalRows });
  }
  jobs.handle({ type: "finished", id, tile: 32 });
  expect(await running).toBe(32);
  expect(tiles).toEqual(["1/4", "3/4", "1/16", "2/16"]);
  expect(rows).toEqual([1, 3, 4]);
});
