import type { StageStats } from "../../protocol/messages.js";
import type { Usage } from "../session/reports.js";
import type { MemoryCounters } from "../stages/memory-account.js";
import type { PipelineCounters } from "../stages/pipeline.js";
import type { StageCounters } from "../stages/stage-queue.js";

const MIB = 2 ** 20;

function stageStats(stage: StageCounters): StageStats {
  return {
    queued: stage.waiting,
    running: stage.running,
    busy_ms: stage.busyUs / 1000,
    holding: stage.holding,
    done: stage.finished - stage.failed,
    failed: stage.failed,
    waits: stage.entered,
    wait_ms: stage.waitedUs / 1000,
    longest_wait_ms: stage.longestWaitUs / 1000,
    most_queued: stage.mostWaiting,
  };
}

/** Rounded up, so that 0 means that nothing is held. */
function pagesMemory({ limit, used, peak }: MemoryCounters): Usage["memory_mb"] {
  const inMib = (bytes: number) => Math.ceil(bytes / MIB);
  return { pages: inMib(used), pages_peak: inMib(peak), pages_limit: inMib(limit) };
}

/**
 * @param stages null while the model is being loaded
 * @param memory what pages are counted with; null as long
 * @returns what the `stats` message reports from outside the session
 */
export function readUsage(stages: PipelineCounters | null, memory: MemoryCounters | null): Usage {
  const { rss, heapUsed, external } = process.memoryUsage();
  const counters = Object.entries(stages ?? {}).map(([name, stage]) => [name, stageStats(stage)]);
  return {
    stages: Object.fromEntries(counters),
    memory_mb: {
      ...{ rss: rss / MIB, heap: heapUsed / MIB, external: external / MIB },
      ...(memory === null ? {} : pagesMemory(memory)),
    },
  };
}
