import { median } from "../median.js";
import { markdownTable } from "./bench-tables.js";
import type { PipelineMeasurement } from "./pipeline-bench.js";
import { type ByStage, STAGE_NAMES, type StageCost } from "./pipeline-costs.js";
import type { PipelineRound, StageLoad } from "./pipeline-round.js";

/** Where and how a pipeline was measured. */
export interface PipelineSetting {
  readonly program: string;
  readonly node: string;
  readonly device: string;
  readonly model: string;
  readonly cores: number;
  readonly isGpu: boolean;
  /** Of the whole machine before the first page, as the system tells it. */
  readonly loadAverage: number;
  /** ISO 8601. */
  readonly date: string;
  readonly pages: number;
  readonly output: string;
  readonly count: number;
  readonly rounds: number;
}

/** Pages a second that costs of stages allow on a machine, if nothing ever waits. */
export interface Bound {
  /** Cores divided by the CPU seconds of a page in all stages. */
  readonly cpu: number;
  /** 1 divided by the device's seconds a page with all lanes busy; null without a GPU. */
  readonly gpu: number | null;
  readonly least: number;
}

export interface PipelineSummary {
  readonly sequential: number;
  readonly full: number;
  /** Median over rounds of how many times one after another the full pipeline is. */
  readonly ratio: number;
  /** The largest ratio that the bound leaves room for. */
  readonly reachableRatio: number;
  readonly bound: Bound;
  readonly share: number;
  readonly loadedBound: Bound;
  readonly loadedShare: number;
  readonly cpuMsPerPage: number;
  readonly coresBusy: number;
  readonly stages: ByStage<StageLoad>;
}

function boundOf(costs: ByStage<StageCost>, gpuMs: number | null, cores: number): Bound {
  const cpuMs = STAGE_NAMES.reduce((sum, name) => sum + costs[name].cpuMs, 0);
  const cpu = (cores * 1000) / cpuMs;
  const gpu = gpuMs === null ? null : 1000 / gpuMs;
  return { cpu, gpu, least: Math.min(cpu, gpu ?? cpu) };
}

function medianLoad(rounds: readonly PipelineRound[], name: (typeof STAGE_NAMES)[number]): StageLoad {
  const over = (key: keyof StageLoad) => median(rounds.map(({ stages }) => stages[name][key]));
  return {
    ...{ busy: over("busy"), meanQueued: over("meanQueued"), meanWaitMs: over("meanWaitMs") },
    mostQueued: Math.max(...rounds.map(({ stages }) => stages[name].mostQueued)),
    longestWaitMs: Math.max(...rounds.map(({ stages }) => stages[name].longestWaitMs)),
  };
}

/**
 * @param measurement of at least one round
 * @returns medians over the rounds, compared with what the stages' costs allow
 */
export function summarise(
  { alone, loaded, rounds }: PipelineMeasurement,
  { cores, isGpu }: Pick<PipelineSetting, "cores" | "isGpu">,
): PipelineSummary {
  // The lanes of a GPU overlap, so its time for a page shows only when all of them work.
  const gpuMs = isGpu ? loaded.upscale.wallMs : null;
  const bound = boundOf(alone, gpuMs, cores);
  const loadedBound = boundOf(loaded, gpuMs, cores);
  const fulls = rounds.map(({ full }) => full);
  const sequential = median(rounds.map((round) => round.sequential));
  const full = median(fulls.map(({ pagesPerSecond }) => pagesPerSecond));
  return {
    ...{ sequential, full, bound, loadedBound },
    ratio: median(rounds.map((round) => round.full.pagesPerSecond / round.sequential)),
    reachableRatio: bound.least / sequential,
    share: full / bound.least,
    loadedShare: full / loadedBound.least,
    cpuMsPerPage: median(fulls.map(({ cpuMsPerPage }) => cpuMsPerPage)),
    coresBusy: median(fulls.map(({ coresBusy }) => coresBusy)),
    stages: {
      decode: medianLoad(fulls, "decode"),
      upscale: medianLoad(fulls, "upscale"),
      encode: medianLoad(fulls, "encode"),
    },
  };
}

function describeBound({ cpu, gpu, least }: Bound): string {
  const parts = [`CPU ${cpu.toFixed(2)}`, ...(gpu === null ? [] : [`GPU ${gpu.toFixed(2)}`])];
  return `${least.toFixed(2)} pages/s (${parts.join(", ")})`;
}

const HEADER = [
  ...["stage", "at once", "places", "wall ms", "CPU ms", "loaded: wall/page", "loaded: CPU ms", "busy"],
  ...["queue mean", "most", "wait mean ms", "longest"],
];

function stageTable(measurement: PipelineMeasurement, { stages }: PipelineSummary): string {
  const { alone, loaded, rounds } = measurement;
  const limits = rounds[0]?.full.timeline.limits;
  const rows = STAGE_NAMES.map((name) => {
    const { busy, meanQueued, mostQueued, meanWaitMs, longestWaitMs } = stages[name];
    const costs = [alone[name].wallMs, alone[name].cpuMs, loaded[name].wallMs, loaded[name].cpuMs];
    return [
      ...[name, String(limits?.[name].concurrency), String(limits?.[name].places)],
      ...costs.map((ms) => ms.toFixed(1)),
      ...[`${(busy * 100).toFixed(0)} %`, meanQueued.toFixed(1), String(mostQueued)],
      ...[meanWaitMs.toFixed(1), longestWaitMs.toFixed(1)],
    ];
  });
  return markdownTable(HEADER, rows);
}

/** @returns the report for people, as Markdown */
export function formatPipeline(
  setting: PipelineSetting,
  measurement: PipelineMeasurement,
  summary: PipelineSummary,
): string {
  const { sequential, full, ratio, reachableRatio, bound, share, loadedBound, loadedShare } = summary;
  const line = (name: string, text: string) => `${name.padEnd(12)}${text}`;
  return [
    `# ${setting.program}, pipeline on ${setting.device}`,
    `${setting.model}; ${setting.output}; ${setting.cores} cores, load average before ${setting.loadAverage.toFixed(1)}; Node.js ${setting.node}; ${setting.date}.`,
    `Medians of ${setting.rounds} rounds in which one page at a time and the full pipeline (${setting.count} pages, filling and emptying left out) take turns.`,
    '"wall" and "CPU" are of one page with the machine to itself; "loaded" with as many at once as the stage may have, nothing else running.',
    "",
    stageTable(measurement, summary),
    "",
    line("sequential", `${sequential.toFixed(2)} pages/s`),
    line("pipeline", `${full.toFixed(2)} pages/s, ${ratio.toFixed(2)} times sequential`),
    line("bound", `${describeBound(bound)}: ${share.toFixed(2)} of it reached`),
    line("", `${reachableRatio.toFixed(2)} times sequential would reach it`),
    line(
      "loaded",
      `${describeBound(loadedBound)} by the costs under load: ${loadedShare.toFixed(2)} of it reached`,
    ),
    line(
      "cores",
      `${summary.coresBusy.toFixed(2)} of ${setting.cores} kept busy, ${summary.cpuMsPerPage.toFixed(0)} ms of CPU time a page`,
    ),
    "",
  ].join("\n");
}

/** @returns everything that was measured, as plain values: milliseconds, pages a second, shares from 0 to 1 */
export function pipelineReport(
  setting: PipelineSetting,
  { alone, loaded, rounds }: PipelineMeasurement,
  summary: PipelineSummary,
): object {
  const plain = rounds.map(({ sequential, full: { timeline, ...full } }) => ({ sequential, full }));
  return { setting, limits: rounds[0]?.full.timeline.limits, alone, loaded, rounds: plain, summary };
}
