import type { UpscaledImage } from "../engine/engine.js";
import { psnrDb } from "../engine/psnr.js";
import { median } from "../median.js";
import type { ResolvedModel } from "../models/catalogue.js";
import type { PixelBuffer } from "../stages/page.js";
import type { BenchEngine } from "./bench-subject.js";
import { whilePeakRss } from "./process-memory.js";
import { tileGrid } from "./tile-grid.js";

/** Calls of one round, after two at once that warm up whatever works side by side; rounds alternate between the rows of a table. */
const CALLS = 3;
const NETWORK_RUNS = 5;

const never = new AbortController().signal;

/** What one round found about a page on an engine. Times in milliseconds, memory in MiB. */
export interface PageSample {
  /** Tile side that was used, in input pixels. */
  readonly tile: number;
  readonly tiles: number;
  /** Pixels in to pixels out. */
  readonly wholeMs: number;
  /** The network alone on all tiles, nothing crossing; null where that cannot be timed. */
  readonly networkMs: number | null;
  /** Most device memory that tensors took since the engine was loaded; null where nobody counts. */
  readonly peakMb: number | null;
  /** Largest resident set of the process meanwhile. */
  readonly rssMb: number;
  /** Against the reference, over 8-bit values; Infinity when nothing differs. */
  readonly psnrDb: number;
}

/** As the pipeline does once a page is encoded: memory for the next page is there then. */
function letGo({ image }: UpscaledImage): void {
  image.release?.();
}

async function timed(action: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await action();
  return performance.now() - started;
}

/**
 * Upscales a page a few times after a warm-up, and times the network on as many pixels.
 *
 * @param tile longest side of a tile in input pixels, 0 = the engine's choice
 * @param reference the page's exact result
 * @param hasNetworkTimes whether the engine can time its network: on a GPU
 */
export async function measurePage(
  engine: BenchEngine,
  model: ResolvedModel,
  page: PixelBuffer,
  tile: number,
  { reference, hasNetworkTimes }: { readonly reference: Uint8Array; readonly hasNetworkTimes: boolean },
): Promise<PageSample> {
  const upscale = () => engine.upscale(page, { tile, signal: never });
  const { value, rssMb } = await whilePeakRss(async () => {
    const [first, second] = await Promise.all([upscale(), upscale()]);
    const warmUp = { tile: first.tile, psnrDb: psnrDb(first.image.data, reference) };
    for (const { image } of [first, second]) image.release?.();
    const times: number[] = [];
    for (let call = 0; call < CALLS; call++) times.push(await timed(async () => letGo(await upscale())));
    return { ...warmUp, wholeMs: median(times) };
  });
  const peakMb = engine.peakMb();
  const { tile: used, psnrDb: exactness } = value;
  const grid = tileGrid(page, used, model);
  const network = hasNetworkTimes
    ? await engine.timeNetwork(grid.input.width, grid.input.height, NETWORK_RUNS)
    : null;
  return {
    tile: used,
    tiles: grid.tiles,
    wholeMs: value.wholeMs,
    networkMs: network && median(network) * grid.tiles,
    peakMb,
    rssMb,
    psnrDb: exactness,
  };
}

/**
 * Upscales a page many times with some calls always in flight.
 *
 * @returns pages per second
 */
export async function measureInFlight(
  engine: BenchEngine,
  page: PixelBuffer,
  { count, inFlight, tile }: { readonly count: number; readonly inFlight: number; readonly tile: number },
): Promise<number> {
  let left = count;
  const take = async () => {
    while (left > 0) {
      left--;
      letGo(await engine.upscale(page, { tile, signal: never }));
    }
  };
  const ms = await timed(() => Promise.all(Array.from({ length: inFlight }, take)));
  return (count * 1000) / ms;
}
