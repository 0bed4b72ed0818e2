import type { PageJob } from "../stages/job.js";
import type { Page, PixelBuffer } from "../stages/page.js";
import type { PageStages } from "../stages/page-stages.js";
import type { PipelineLimits, StageName } from "../stages/pipeline.js";

export const STAGE_NAMES: readonly StageName[] = ["decode", "upscale", "encode"];

export type ByStage<Value> = Readonly<Record<StageName, Value>>;

/** What a page takes in a stage, in milliseconds. */
export interface StageCost {
  readonly wallMs: number;
  /** Of all threads of the process. */
  readonly cpuMs: number;
}

function cpuMsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** @returns what `work` gives, and what the process spent until it settled */
export async function costOf<Value>(
  work: () => Promise<Value>,
): Promise<{ readonly value: Value; readonly cost: StageCost }> {
  const cpu = process.cpuUsage();
  const started = performance.now();
  const value = await work();
  return { value, cost: { wallMs: performance.now() - started, cpuMs: cpuMsSince(cpu) } };
}

/**
 * The same stages, with every page's cost told. The CPU time is that of the whole process, so it is the page's only as
 * long as pages go through one at a time.
 */
export function withCosts(
  stages: PageStages,
  record: (stage: StageName, cost: StageCost) => void,
): PageStages {
  const recorded = async <Value>(stage: StageName, work: () => Promise<Value>): Promise<Value> => {
    const { value, cost } = await costOf(work);
    record(stage, cost);
    return value;
  };
  return {
    expectSupported: (...given) => stages.expectSupported(...given),
    expectWritable: (...given) => stages.expectWritable(...given),
    cacheKey: (...given) => stages.cacheKey(...given),
    decode: (...given) => recorded("decode", () => stages.decode(...given)),
    upscale: (...given) => recorded("upscale", () => stages.upscale(...given)),
    encode: (...given) => recorded("encode", () => stages.encode(...given)),
  };
}

/** Pages that each of a stage's workers does while the stage has the machine to itself. */
const PAGES_EACH = 2;

/** Different pages that are kept upscaled for measuring the encoders. */
const MOST_KEPT = 8;

/** Does `pages` pieces of work, `concurrency` at a time. @returns the cost of one */
async function saturate(work: (index: number) => Promise<void>, concurrency: number): Promise<StageCost> {
  const pages = PAGES_EACH * concurrency;
  let next = 0;
  const { cost } = await costOf(async () => {
    const workers = Array.from({ length: concurrency }, async () => {
      while (next < pages) await work(next++);
    });
    await Promise.all(workers);
  });
  return { wallMs: cost.wallMs / pages, cpuMs: cost.cpuMs / pages };
}

/** Keeps memory that is not JavaScript's own from being given back by whoever is done with the page. */
function unreleasable(buffer: PixelBuffer): PixelBuffer {
  const { data, width, height, channels } = buffer;
  return { data, width, height, channels };
}

function releasePage({ colour, alpha }: Page): void {
  colour.release?.();
  alpha?.release?.();
}

/** @returns the item that has its turn, round and round */
function inTurn<Value>(items: readonly Value[], index: number): Value {
  return items[index % items.length] as Value;
}

/**
 * Measures each stage with the machine to itself and as many pages at once as the pipeline gives it: cores that share
 * their units and memory then take longer for the same work than one page alone, and a GPU's lanes overlap.
 *
 * @param jobs at least one; all different pages
 * @returns milliseconds a page: wall time divided by pages, CPU time divided by pages
 */
export async function measureLoaded(
  stages: PageStages,
  limits: PipelineLimits,
  jobs: readonly PageJob[],
): Promise<ByStage<StageCost>> {
  const decode = await saturate(async (index) => {
    await stages.decode(inTurn(jobs, index).data);
  }, limits.decode.concurrency);
  const kept = jobs.slice(0, MOST_KEPT);
  const decoded = await Promise.all(kept.map(({ data }) => stages.decode(data)));
  const upscale = await saturate(async (index) => {
    releasePage((await stages.upscale(inTurn(decoded, index), inTurn(kept, index))).page);
  }, limits.upscale.concurrency);
  const upscaled: Page[] = [];
  for (const [index, page] of decoded.entries()) {
    upscaled.push((await stages.upscale(page, inTurn(kept, index))).page);
  }
  const encode = await saturate(async (index) => {
    const page = inTurn(upscaled, index);
    const { colour, alpha } = page;
    const unreleased = { ...page, colour: unreleasable(colour), alpha: alpha && unreleasable(alpha) };
    await stages.encode(unreleased, inTurn(kept, index));
  }, limits.encode.concurrency);
  for (const page of upscaled) releasePage(page);
  return { decode, upscale, encode };
}
