import { LEAST_PSNR_DB } from "../engine/precision-choice.js";
import { messageOf } from "../errors.js";
import { median } from "../median.js";
import type { ResolvedModel } from "../models/catalogue.js";
import type { PixelBuffer } from "../stages/page.js";
import {
  type BenchEngine,
  type BenchSubject,
  type OpenBenchEngine,
  referenceSubject,
} from "./bench-subject.js";
import { measureInFlight, measurePage, type PageSample } from "./measure-page.js";

/** Tile side that stands for the engine's own choice. */
const AUTOMATIC = 0;
const IN_FLIGHT = [1, 2, 4] as const;

export interface BenchPlan {
  readonly open: OpenBenchEngine;
  readonly subjects: readonly BenchSubject[];
  /** Sides in input pixels, 0 = the engine's choice. */
  readonly tiles: readonly number[];
  readonly rounds: number;
  /** Pages of one round for each number in flight. */
  readonly count: number;
  readonly isCpu: boolean;
}

/** A row of a table: medians over the rounds, or why there are none. */
export type BenchRow<Key> = { readonly key: Key } & (
  | { readonly sample: PageSample; readonly failure: null }
  | { readonly sample: null; readonly failure: string }
);

export interface InFlightRow {
  readonly inFlight: number;
  readonly pagesPerSecond: number;
  /** Most device memory that tensors took so far, in MiB; null where nobody counts. */
  readonly peakMb: number | null;
}

/** All tables of one page with one model. */
export interface PageBench {
  readonly model: ResolvedModel;
  readonly page: { readonly name: string; readonly width: number; readonly height: number };
  readonly subjects: readonly BenchRow<BenchSubject>[];
  /** What tiles and pages in flight were measured with: the fastest that is exact enough. */
  readonly chosen: BenchSubject;
  readonly tiles: readonly BenchRow<number>[];
  readonly inFlight: readonly InFlightRow[];
}

export interface BenchPage {
  readonly name: string;
  readonly image: PixelBuffer;
}

/** Samples of the rows of one table, filled round by round. A row that fails is not tried again. */
class Samples<Key> {
  readonly #rows: { readonly key: Key; readonly samples: PageSample[]; failure: string | null }[];

  constructor(keys: readonly Key[]) {
    this.#rows = keys.map((key) => ({ key, samples: [], failure: null }));
  }

  async addRound(measure: (key: Key) => Promise<PageSample>): Promise<void> {
    for (const row of this.#rows) {
      if (row.failure !== null) continue;
      try {
        row.samples.push(await measure(row.key));
      } catch (thrown) {
        row.failure = messageOf(thrown);
      }
    }
  }

  rows(): readonly BenchRow<Key>[] {
    return this.#rows.map(({ key, samples, failure }) => {
      const sample = samples[0];
      return failure === null && sample !== undefined
        ? { key, sample: mergeSamples(sample, samples), failure: null }
        : { key, sample: null, failure: failure ?? "not measured" };
    });
  }
}

/** The memory is that of the first round: later ones see what larger tiles of the same engine took before. */
function mergeSamples(first: PageSample, samples: readonly PageSample[]): PageSample {
  const networkTimes = samples.flatMap(({ networkMs }) => (networkMs === null ? [] : [networkMs]));
  return {
    ...first,
    wholeMs: median(samples.map(({ wholeMs }) => wholeMs)),
    networkMs: networkTimes.length > 0 ? median(networkTimes) : null,
    psnrDb: Math.min(...samples.map((sample) => sample.psnrDb)),
  };
}

async function withEngine<Value>(
  plan: BenchPlan,
  model: ResolvedModel,
  subject: BenchSubject,
  work: (engine: BenchEngine) => Promise<Value>,
): Promise<Value> {
  const engine = await plan.open(model, subject);
  try {
    return await work(engine);
  } finally {
    await engine.close();
  }
}

/** @returns the row with the fastest network that is exact enough: the crossing is the same in all, and noisy */
function fastest(rows: readonly BenchRow<BenchSubject>[]): BenchSubject {
  const measured = rows.flatMap(({ key, sample }) =>
    sample !== null && sample.psnrDb >= LEAST_PSNR_DB
      ? [{ key, ms: sample.networkMs ?? sample.wholeMs }]
      : [],
  );
  const [best] = measured.sort((a, b) => a.ms - b.ms);
  if (best === undefined) {
    const reasons = rows.map(({ sample, failure }) => failure ?? `${sample?.psnrDb.toFixed(1)} dB`);
    throw new Error(
      `expected a result of at least ${LEAST_PSNR_DB} dB, received: ${[...new Set(reasons)].join("; ")}`,
    );
  }
  return best.key;
}

/** Smallest first, so that a tile's memory is not hidden by a larger one's. */
function ascending(tiles: readonly number[]): readonly number[] {
  const size = (tile: number) => (tile === AUTOMATIC ? Number.POSITIVE_INFINITY : tile);
  return [...new Set(tiles)].sort((a, b) => size(a) - size(b));
}

/**
 * Measures one page with one model: every subject with the automatic tile, each round on engines of its own, since
 * several at once would share the device's memory; then tiles and pages in flight with the fastest exact subject.
 *
 * @throws {Error} when the exact result cannot be computed, or no subject comes near it
 */
export async function benchPage(
  plan: BenchPlan,
  model: ResolvedModel,
  { name, image }: BenchPage,
): Promise<PageBench> {
  const never = new AbortController().signal;
  const reference = await withEngine(plan, model, referenceSubject(plan.subjects), (engine) =>
    engine.upscale(image, { tile: AUTOMATIC, signal: never }),
  );
  const against = { reference: reference.image.data, hasNetworkTimes: !plan.isCpu };
  const measure = (engine: BenchEngine, tile: number) => measurePage(engine, model, image, tile, against);

  const subjects = new Samples(plan.subjects);
  for (let round = 0; round < plan.rounds; round++) {
    await subjects.addRound((subject) =>
      withEngine(plan, model, subject, (engine) => measure(engine, AUTOMATIC)),
    );
  }
  const chosen = fastest(subjects.rows());
  const tiles = new Samples(ascending(plan.tiles));
  const speeds = new Map(IN_FLIGHT.map((inFlight) => [inFlight, [] as InFlightRow[]]));
  await withEngine(plan, model, chosen, async (engine) => {
    for (let round = 0; round < plan.rounds; round++) {
      await tiles.addRound((tile) => measure(engine, tile));
      for (const [inFlight, samples] of speeds) {
        const options = { count: plan.count, inFlight, tile: AUTOMATIC };
        const pagesPerSecond = await measureInFlight(engine, image, options);
        samples.push({ inFlight, pagesPerSecond, peakMb: engine.peakMb() });
      }
    }
  });
  return {
    model,
    page: { name, width: image.width, height: image.height },
    subjects: subjects.rows(),
    chosen,
    tiles: tiles.rows(),
    inFlight: [...speeds].map(([inFlight, samples]) => ({
      inFlight,
      pagesPerSecond: median(samples.map(({ pagesPerSecond }) => pagesPerSecond)),
      peakMb: samples[0]?.peakMb ?? null,
    })),
  };
}
