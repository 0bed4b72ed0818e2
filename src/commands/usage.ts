import type { Usage } from "../session/reports.js";
import type { PipelineCounters } from "../stages/pipeline.js";

const MIB = 2 ** 20;

/**
 * @param stages null while the model is being loaded
 * @returns what the `stats` message reports from outside the session
 */
export function readUsage(stages: PipelineCounters | null): Usage {
  const { rss, heapUsed, external } = process.memoryUsage();
  const counters = Object.entries(stages ?? {}).map(([name, { waiting, running, busyUs }]) => {
    return [name, { queued: waiting, running, busy_ms: busyUs / 1000 }];
  });
  return {
    stages: Object.fromEntries(counters),
    memory_mb: { rss: rss / MIB, heap: heapUsed / MIB, external: external / MIB },
  };
}
