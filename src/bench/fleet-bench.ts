import type { StatsMessage } from "../../protocol/messages.js";
import type { UpscaleOptions } from "../client/client-options.js";
import type { UpscaleClient, WorkerInfo } from "../client/upscale-client.js";
import { median } from "../median.js";

/** Starts a worker, or a supervisor of several, with the first `devices` of those that are compared. */
export type OpenWorkers = (model: string | null, devices: number) => UpscaleClient;

export interface FleetPlan {
  readonly open: OpenWorkers;
  /** Null for the default one. */
  readonly models: readonly (string | null)[];
  /** How many devices each subject has; the first one is what the others are compared with. */
  readonly devices: readonly number[];
  readonly pages: readonly Uint8Array[];
  readonly options: UpscaleOptions;
  /** Pages of a round for each device. */
  readonly count: number;
  readonly rounds: number;
}

/** One round of one subject. */
export interface FleetSample {
  readonly pagesPerSecond: number;
  /** Mean number of pages in the stage, on all devices together. */
  readonly upscaling: number;
  readonly encoding: number;
}

export interface FleetSubject {
  readonly model: string;
  readonly devices: readonly string[];
  readonly samples: readonly FleetSample[];
}

/** Pages before the first measured one, for each device: caches and measured speeds are filled then. */
const WARM_UP_PAGES = 4;

/**
 * Measures how throughput grows with the number of devices: subjects take turns, each with workers of its own that end
 * before the next one's start.
 *
 * @returns a subject for each model and number of devices, in that order
 */
export async function benchFleet(plan: FleetPlan): Promise<readonly FleetSubject[]> {
  const subjects = plan.models.flatMap((model) =>
    plan.devices.map((devices) => ({
      model,
      devices,
      samples: [] as FleetSample[],
      info: null as Info | null,
    })),
  );
  for (let round = 0; round < plan.rounds; round++) {
    for (const subject of subjects) {
      const { sample, info } = await measure(plan, subject.model, subject.devices);
      subject.samples.push(sample);
      subject.info = info;
    }
  }
  return subjects.flatMap(({ info, samples }) => (info === null ? [] : [{ ...info, samples }]));
}

type Info = Pick<FleetSubject, "model" | "devices">;

async function measure(
  plan: FleetPlan,
  model: string | null,
  devices: number,
): Promise<{ sample: FleetSample; info: Info }> {
  const client = plan.open(model, devices);
  try {
    const worker = await client.ready();
    await send(client, plan, WARM_UP_PAGES * devices);
    const before = await client.stats();
    const started = performance.now();
    await send(client, plan, plan.count * devices);
    const ms = performance.now() - started;
    const sample = sampleOf(plan.count * devices, ms, before, await client.stats());
    return { sample, info: infoOf(worker) };
  } finally {
    await client.close();
  }
}

async function send(client: UpscaleClient, { pages, options }: FleetPlan, count: number): Promise<void> {
  const page = (index: number) => pages[index % pages.length] as Uint8Array;
  await Promise.all(Array.from({ length: count }, (_, index) => client.upscale(page(index), options)));
}

function sampleOf(pages: number, ms: number, before: StatsMessage, after: StatsMessage): FleetSample {
  const mean = (stage: string) =>
    ((after.stages[stage]?.busy_ms ?? 0) - (before.stages[stage]?.busy_ms ?? 0)) / ms;
  return { pagesPerSecond: (pages * 1000) / ms, upscaling: mean("upscale"), encoding: mean("encode") };
}

function infoOf({ ready }: WorkerInfo): Info {
  return { model: ready.default_model, devices: ready.devices.map(({ name }) => name) };
}

/** @returns the subject's middle round, as pages a second */
export function medianRate({ samples }: FleetSubject): number {
  return median(samples.map(({ pagesPerSecond }) => pagesPerSecond));
}
