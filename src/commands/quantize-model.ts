import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { Writable } from "node:stream";
import { EXIT, type ExitCode } from "../../protocol/error-codes.js";
import { fp32Arithmetic } from "../engine/arithmetic.js";
import { loadNcnnAddon } from "../engine/native.js";
import { NcnnEngine } from "../engine/ncnn-engine.js";
import { cpuDevice } from "../engine/select-device.js";
import { UpscalerError } from "../errors.js";
import type { ResolvedModel } from "../models/catalogue.js";
import type { ModelPaths } from "../models/model-files.js";
import { expectOtherFiles, type ModelBytes, outputPaths, writeModel } from "../models/write-model.js";
import { listImages, readOriginal, spreadEvenly } from "../quality/originals.js";
import { calibrate } from "../quantize/calibrate.js";
import { chooseLayers } from "../quantize/choose-layers.js";
import {
  type ComparedPage,
  compareOnPages,
  GATE,
  type GatePage,
  passes,
  type Upscale,
} from "../quantize/gate.js";
import { int8Model, quantizableLayers, readFloatModel } from "../quantize/int8-model.js";
import { formatGate, formatLayers } from "../quantize/quantize-report.js";
import { forUser, resolveForUser } from "./models.js";
import type { QuantizeChoice } from "./quantize-options.js";

/** Pages that layers are chosen by: each is computed for every layer. */
const CHOICE_PAGES = 4;
/** One picture of so many judges when no folder is named for it. */
const GATE_SHARE = 4;

const never = new AbortController().signal;

async function readPages(paths: readonly string[], crop: number): Promise<readonly GatePage[]> {
  const pages: GatePage[] = [];
  for (const path of paths)
    pages.push({ name: basename(path), pixels: (await readOriginal(path, crop)).pixels });
  return pages;
}

interface Pages {
  readonly calibration: readonly GatePage[];
  readonly gate: readonly GatePage[];
}

async function choosePages({ calibrate: folder, gate, limit, crop }: QuantizeChoice): Promise<Pages> {
  const paths = await listImages(folder, limit);
  if (gate !== null) {
    return {
      calibration: await readPages(paths, crop),
      gate: await readPages(await listImages(gate, limit), crop),
    };
  }
  const isGate = (at: number) => at % GATE_SHARE === GATE_SHARE - 1;
  const ofGate = paths.filter((_, at) => isGate(at));
  if (ofGate.length === 0) {
    throw new UpscalerError(
      "invalid_request",
      `expected at least ${GATE_SHARE} images in ${folder} when --gate names no other folder, received ${paths.length}`,
    );
  }
  const others = paths.filter((_, at) => !isGate(at));
  return { calibration: await readPages(others, crop), gate: await readPages(ofGate, crop) };
}

function loadOnCpu(model: ResolvedModel, threads: number): Promise<NcnnEngine> {
  return NcnnEngine.load(loadNcnnAddon(), model, cpuDevice(), {
    arithmetic: fp32Arithmetic(true),
    ...{ tileSize: 0, threads, maxMemoryMb: 0, duty: 1, pipelineCachePath: "" },
  });
}

const upscaleWith =
  (engine: NcnnEngine): Upscale =>
  async (image) =>
    (await engine.upscale(image, { tile: null, signal: never })).image;

/** Models that exist only to be compared, each in the files of the one before. */
class Trials {
  readonly #reference: NcnnEngine;
  readonly #paths: ModelPaths;
  readonly #threads: number;

  constructor(reference: NcnnEngine, folder: string, threads: number) {
    this.#reference = reference;
    this.#paths = outputPaths(join(folder, "trial"));
    this.#threads = threads;
  }

  async compare(bytes: ModelBytes, pages: readonly GatePage[]): Promise<readonly ComparedPage[]> {
    const engine = await loadOnCpu(await writeModel(this.#paths, bytes), this.#threads);
    try {
      return await compareOnPages(upscaleWith(this.#reference), upscaleWith(engine), pages);
    } finally {
      await engine.close();
    }
  }
}

async function quantize(
  source: ResolvedModel,
  reference: NcnnEngine,
  trials: Trials,
  choice: QuantizeChoice,
): Promise<{ readonly bytes: ModelBytes; readonly gate: readonly ComparedPage[]; readonly report: string }> {
  const { calibration, gate: gatePages } = await choosePages(choice);
  const model = await readFloatModel(source);
  const layers = quantizableLayers(model);
  const pixels = calibration.map((page) => page.pixels);
  const all = await calibrate(reference, layers, pixels, choice);
  const choosing = spreadEvenly(calibration, CHOICE_PAGES);
  const chosen = await chooseLayers(all, (thresholds) =>
    trials.compare(int8Model(model, thresholds), choosing),
  );
  if (chosen.thresholds.size === 0) {
    throw new UpscalerError(
      "invalid_request",
      `expected a layer of ${source.name} that can be int8 without harm, found none: ${formatLayers(all, chosen)}`,
    );
  }
  const bytes = int8Model(model, chosen.thresholds);
  const gate = await trials.compare(bytes, gatePages);
  return { bytes, gate, report: `${formatLayers(all, chosen)}\n${formatGate(gate)}` };
}

/**
 * Calibrates a model, makes its convolutions int8, and writes it if its results are near enough to those of the float model.
 *
 * @param nameOrPath as `--model` takes it
 * @returns EXIT.failure when the gate is not passed; nothing is written then
 * @throws {UpscalerError | FatalError} model_not_found, model_invalid; invalid_request: pictures that cannot be read
 */
export async function runModelQuantize(
  nameOrPath: string,
  choice: QuantizeChoice,
  output: Writable,
): Promise<ExitCode> {
  const source = await resolveForUser(nameOrPath, choice);
  const target = outputPaths(choice.output);
  const folder = await mkdtemp(join(tmpdir(), "bdreader-quantize-"));
  try {
    const reference = await loadOnCpu(source, choice.threads);
    try {
      return await forUser(async () => {
        await expectOtherFiles(target, source);
        const trials = new Trials(reference, folder, choice.threads);
        const { bytes, gate, report } = await quantize(source, reference, trials, choice);
        output.write(report);
        if (!passes(gate, GATE)) return end(output, "nothing was written\n", EXIT.failure);
        const { files } = await writeModel(target, bytes);
        const said = `${target.binPath}: ${files.bin.bytes} bytes instead of ${source.files.bin.bytes}\n`;
        return end(output, said, EXIT.ok);
      });
    } finally {
      await reference.close();
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function end(output: Writable, text: string, code: ExitCode): Promise<ExitCode> {
  output.end(text);
  await once(output, "finish");
  return code;
}
