import { writeFile } from "node:fs/promises";
import { basename } from "node:path";
import type { Writable } from "node:stream";
import { EXIT, type ExitCode } from "../../protocol/error-codes.js";
import { DEFAULT_WORKER_LIMITS } from "../../protocol/limits.js";
import { type BenchSetting, benchReport } from "../bench/bench-report.js";
import { benchSubjects } from "../bench/bench-subject.js";
import { formatPageBench } from "../bench/bench-tables.js";
import { type BenchPage, type BenchPlan, benchPage, type PageBench } from "../bench/engine-bench.js";
import { ANY_MODEL } from "../models/model-selection.js";
import { decodePage } from "../stages/decode.js";
import { PROGRAM_NAME, PROGRAM_VERSION } from "../version.js";
import { type BenchDevice, openBenchDevice } from "./bench-device.js";
import type { BenchEngineChoice } from "./bench-engine-options.js";
import { resolveModel } from "./open-engine.js";
import { readPage, SAMPLE_PAGE } from "./read-pages.js";

async function decodeFile(path: string): Promise<BenchPage> {
  const data = await readPage(path);
  const { colour } = await decodePage(data, { maxPixels: DEFAULT_WORKER_LIMITS.maxInputPixels });
  return { name: basename(path), image: colour };
}

function settingOf({ name, driver }: BenchDevice, { rounds, count }: BenchEngineChoice): BenchSetting {
  return {
    program: `${PROGRAM_NAME} ${PROGRAM_VERSION}`,
    node: process.version,
    device: name,
    driver,
    date: new Date().toISOString(),
    ...{ rounds, count },
  };
}

/** Units and method, so that tables can be read without this program. */
function formatSetting({ program, node, device, driver, date, rounds, count }: BenchSetting): string {
  return [
    `# ${program} on ${device}`,
    `Driver ${driver}; Node.js ${node}; ${date}.`,
    `Medians of ${rounds} rounds in which the rows take turns. "Network" is the network alone on inputs of the tiles' size,`,
    `"whole call" from pixels in memory to pixels in memory, "crossing" the difference. Memory is the peak of the tensors`,
    `and of the process; dB compare with the fp32 result of the whole page. ${count} pages a round for calls in flight.`,
    "",
    "",
  ].join("\n");
}

/**
 * Measures models on one device in this process, without a worker: tables as Markdown on `output`, each page's as soon
 * as it is measured.
 *
 * @throws {UpscalerError | FatalError} a page that cannot be read, no such device or model
 */
export async function runBenchEngine(
  choice: BenchEngineChoice & { readonly pages: readonly string[] },
  output: Writable,
): Promise<ExitCode> {
  const paths = choice.pages.length > 0 ? choice.pages : [SAMPLE_PAGE];
  const pages = await Promise.all(paths.map(decodeFile));
  const names = choice.model.length > 0 ? choice.model : [null];
  const device = await openBenchDevice(choice.gpuId);
  const { type } = device.abilities;
  const models = await Promise.all(names.map((name) => resolveModel(name, ANY_MODEL, type)));
  const isCpu = type === "cpu";
  const { tile: tiles, rounds, count } = choice;
  const subjects = benchSubjects(choice.precision, choice.threads, device.abilities);
  const plan: BenchPlan = { open: device.open, subjects, tiles, rounds, count, isCpu };
  const setting = settingOf(device, choice);
  output.write(formatSetting(setting));
  const benches: PageBench[] = [];
  for (const model of models) {
    for (const page of pages) {
      const bench = await benchPage(plan, model, page);
      output.write(formatPageBench(bench, isCpu));
      benches.push(bench);
    }
  }
  if (choice.json !== null) {
    await writeFile(choice.json, `${JSON.stringify(benchReport(setting, benches), null, 2)}\n`);
  }
  return EXIT.ok;
}
