import { PROTOCOL_VERSION, type WorkerLimits } from "../../protocol/limits.js";
import type { StageStats, StatsMessage, WorkerHello } from "../../protocol/messages.js";
import type { Log } from "../log.js";
import { toU32 } from "./wire-values.js";
import type { Workload } from "./workload.js";

/** Asked for by a client that wants the worker to stop reading rather than to answer `overloaded`. */
export const BACK_PRESSURE = "back_pressure";

/** What this implementation of the protocol offers beyond its core. */
export const FEATURES = [
  ...["cancel", "update", "timeout", "progress", "stats", "strips", "label"],
  BACK_PRESSURE,
] as const;

export interface WorkerIdentity {
  readonly name: string;
  readonly version: string;
  readonly pid: number;
}

/** What `stats` reports from outside the session. */
export interface Usage {
  /** By stage: how many pages wait for it and are in it, how long it has worked, how long pages have waited. */
  readonly stages: StatsMessage["stages"];
  /** By kind of memory, in MiB. */
  readonly memory_mb: StatsMessage["memory_mb"];
}

export function helloMessage({ name, version, pid }: WorkerIdentity, limits: WorkerLimits): WorkerHello {
  return {
    t: "hello",
    proto: [PROTOCOL_VERSION],
    name,
    version,
    pid,
    features: [...FEATURES],
    limits: announcedLimits(limits),
  };
}

/** @returns the limits that a client can use, as `hello` tells them */
export function announcedLimits(limits: WorkerLimits): WorkerHello["limits"] {
  return {
    max_frame: limits.maxFrame,
    max_in_flight: limits.maxInFlight,
    max_in_flight_bytes: limits.maxInFlightBytes,
    max_input_pixels: limits.maxInputPixels,
    max_output_side: limits.maxOutputSide,
  };
}

/** What `statsMessage` puts together. */
export interface StatsSources {
  readonly nonce: number;
  readonly uptimeMs: number;
  readonly workload: Pick<Workload, "queued" | "running" | "bytes" | "outcomes">;
  readonly unsentBytes: number;
  readonly usage: Usage;
}

export function statsMessage(sources: StatsSources): StatsMessage {
  const { workload, usage } = sources;
  return {
    t: "stats",
    nonce: sources.nonce,
    uptime_ms: toU32(sources.uptimeMs),
    queued: workload.queued,
    running: workload.running,
    in_flight_bytes: toU32(workload.bytes),
    unsent_bytes: toU32(sources.unsentBytes),
    outcomes: mapValues(workload.outcomes, toU32),
    stages: mapValues(usage.stages, (stage) => mapValues(stage, toU32) as StageStats),
    memory_mb: mapValues(usage.memory_mb, toU32),
  };
}

/** Writes what `stats` tells as log lines, one for the requests and one for each stage; nothing before any answer. */
export function logStats(log: Log, { uptime_ms, outcomes, stages }: StatsMessage): void {
  if (Object.keys(outcomes).length === 0) return;
  log.info("requests", { uptime_ms, ...outcomes });
  for (const [name, counters] of Object.entries(stages)) log.info("stage", { name, uptime_ms, ...counters });
}

/** What is absent stays absent. */
function mapValues<From, To>(
  values: Readonly<Record<string, From | undefined>>,
  convert: (value: From) => To,
): Record<string, To> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([key, value]) => (value === undefined ? [] : [[key, convert(value)]])),
  );
}
