import { writeFile } from "node:fs/promises";
import { availableParallelism, loadavg } from "node:os";
import type { Writable } from "node:stream";
import { EXIT, type ExitCode } from "../../protocol/error-codes.js";
import { benchPipeline, type PipelineMeasurement, type PipelinePlan } from "../bench/pipeline-bench.js";
import { formatPipeline, type PipelineSetting, pipelineReport, summarise } from "../bench/pipeline-report.js";
import { BENCH_PRIORITY } from "../bench/pipeline-round.js";
import { timelineSvg } from "../bench/timeline-svg.js";
import { createLog } from "../log.js";
import type { PageJob } from "../stages/job.js";
import { PROGRAM_NAME, PROGRAM_VERSION } from "../version.js";
import type { BenchPipelineChoice } from "./bench-pipeline-options.js";
import { toPageOptions } from "./image-options.js";
import { openParts, type PipelineParts } from "./open-stages.js";
import { readPages } from "./read-pages.js";

function settingOf(
  { engine, scales }: PipelineParts,
  choice: BenchPipelineChoice,
  pages: number,
): PipelineSetting {
  const { format, quality, effort, count, rounds } = choice;
  return {
    program: `${PROGRAM_NAME} ${PROGRAM_VERSION}`,
    node: process.version,
    device: engine.device.name,
    model: `${engine.model} ${engine.precision}, ${pages} different ${pages === 1 ? "page" : "pages"}`,
    cores: availableParallelism(),
    isGpu: engine.device.backend === "vulkan",
    loadAverage: loadavg()[0] ?? 0,
    date: new Date().toISOString(),
    output: `${scales.all[0]}x, ${format === "png" ? format : `${format}, quality ${quality}, effort ${effort}`}`,
    ...{ pages, count, rounds },
  };
}

function jobCreator(pages: readonly Uint8Array[], choice: BenchPipelineChoice): PipelinePlan["createJob"] {
  const { format, quality, effort } = choice;
  const options = toPageOptions({ format, quality, effort, lossless: false, fit: null }, format);
  return (index, signal): PageJob => {
    const data = pages[index % pages.length] as Uint8Array;
    return { data, options, priority: BENCH_PRIORITY, signal };
  };
}

async function writeFiles(
  { json, svg }: BenchPipelineChoice,
  setting: PipelineSetting,
  measurement: PipelineMeasurement,
): Promise<void> {
  const summary = summarise(measurement, setting);
  if (json !== null) {
    await writeFile(json, `${JSON.stringify(pipelineReport(setting, measurement, summary), null, 2)}\n`);
  }
  const timeline = measurement.rounds.at(-1)?.full.timeline;
  if (svg !== null && timeline) {
    await writeFile(svg, timelineSvg(timeline, `${setting.device}, ${setting.model}, ${setting.output}`));
  }
}

/**
 * Measures the worker's stages, engine and limits in this process: what each stage costs, and how near the full pipeline
 * comes to what the costs allow.
 *
 * @throws {UpscalerError | FatalError} a page that cannot be read or processed, no such device or model
 */
export async function runBenchPipeline(
  choice: BenchPipelineChoice & { readonly pages: readonly string[] },
  output: Writable,
): Promise<ExitCode> {
  const pages = await readPages(choice.pages);
  const log = createLog((line) => void process.stderr.write(`${line}\n`), { least: "warn" });
  const parts = await openParts(choice, log);
  const { engine, stages, limits } = parts;
  const setting = settingOf(parts, choice, pages.length);
  const { count, rounds } = choice;
  const createJob = jobCreator(pages, choice);
  try {
    const plan = { stages, limits, pages: pages.length, createJob, count, rounds };
    const measurement = await benchPipeline(plan);
    output.write(formatPipeline(setting, measurement, summarise(measurement, setting)));
    await writeFiles(choice, setting, measurement);
  } finally {
    await engine.close();
  }
  return EXIT.ok;
}
