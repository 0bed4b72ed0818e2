import type { StageStats } from "../../protocol/messages.js";
import { type Clock, systemClock } from "../session/clock.js";
import type { Usage } from "../session/reports.js";
import type { FleetChild } from "./fleet-child.js";

/** How long a worker may take to tell its figures before the former ones are told instead. */
const REFRESH_MS = 1_000;

/** Figures of a stage that are those of one worker, the largest; everything else adds up. */
const OF_ONE: ReadonlySet<string> = new Set(["longest_wait_ms", "most_queued"]);

type Asked = Pick<FleetChild, "refreshStats" | "stats">;

/** What the workers of a fleet tell of themselves, together. */
export class FleetUsage {
  readonly #children: readonly Asked[];
  readonly #readOwn: () => Usage;
  readonly #clock: Clock;
  #refreshing: Promise<void> | null = null;

  /** @param readOwn what this process tells of itself */
  constructor(children: readonly Asked[], readOwn: () => Usage, clock: Clock = systemClock) {
    this.#children = children;
    this.#readOwn = readOwn;
    this.#clock = clock;
  }

  /** As of the last `refresh`. */
  read(): Usage {
    const told = this.#children.flatMap(({ stats }) => stats ?? []);
    return {
      stages: merge(
        told.map(({ stages }) => stages),
        addStages,
      ),
      memory_mb: merge([this.#readOwn().memory_mb, ...told.map((stats) => stats.memory_mb)], sum),
    };
  }

  /** Asks all workers, once for all who want to know at the same time. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#ask().finally(() => {
      this.#refreshing = null;
    });
    return this.#refreshing;
  }

  async #ask(): Promise<void> {
    const answers = Promise.allSettled(this.#children.map((child) => child.refreshStats()));
    await new Promise<void>((resolve) => {
      const cancel = this.#clock.after(REFRESH_MS, resolve);
      void answers.then(() => {
        cancel();
        resolve();
      });
    });
  }
}

function sum(one: number, other: number): number {
  return one + other;
}

function addStages(one: StageStats, other: StageStats): StageStats {
  const add = (a: number, b: number, key: string) => (OF_ONE.has(key) ? Math.max(a, b) : a + b);
  return merge([definedOf(one), definedOf(other)], add) as unknown as StageStats;
}

function definedOf(stage: StageStats): Record<string, number> {
  return Object.fromEntries(
    Object.entries(stage).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
}

function merge<Value>(
  maps: readonly Readonly<Record<string, Value>>[],
  add: (one: Value, other: Value, key: string) => Value,
): Record<string, Value> {
  const merged = new Map<string, Value>();
  for (const [key, value] of maps.flatMap((map) => Object.entries(map))) {
    const before = merged.get(key);
    merged.set(key, before === undefined ? value : add(before, value, key));
  }
  return Object.fromEntries(merged);
}
