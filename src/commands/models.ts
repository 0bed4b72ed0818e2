import { once } from "node:events";
import type { Writable } from "node:stream";
import { EXIT, type ExitCode } from "../../protocol/error-codes.js";
import { loadNcnnAddon } from "../engine/native.js";
import { FatalError, UpscalerError } from "../errors.js";
import { ModelCatalogue, type ModelSummary, type ResolvedModel } from "../models/catalogue.js";
import { ModelError } from "../models/model-error.js";
import type { FileDigest } from "../models/model-files.js";
import type { ModelChoice } from "../models/model-selection.js";
import { describeScales, scalesOf } from "../models/scales.js";
import { MODELS_FOLDER } from "./open-engine.js";

/** A model and whether this build can run it. */
export interface ModelInfo extends ResolvedModel {
  /** Of results, see scalesOf. */
  readonly scales: readonly number[];
  /** Layer types of the model that this build of ncnn lacks; null when the addon is not built. */
  readonly unknownLayers: readonly string[] | null;
}

/** @returns one line a model: a star at the default ones, then name, family, scales, licence and title */
export function formatModels(models: readonly ModelSummary[]): string {
  const rows = models.map(({ name, title, family, scales, licence, isDefault, isGpuDefault }) => {
    return [
      isDefault || isGpuDefault ? "*" : " ",
      name,
      family,
      scales.map((scale) => `${scale}x`).join(" "),
      licence,
      title,
    ];
  });
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => `${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(" ")}\n`).join("");
}

function describeFile(path: string, { bytes, sha256 }: FileDigest): string {
  return `${path}, ${bytes} bytes, sha256 ${sha256}`;
}

function describePools({ globalPools }: ModelInfo): string {
  const pools = globalPools.map(({ pooled, source, channels, strideNumerator, strideDenominator }) => {
    const stride = strideDenominator === 1 ? strideNumerator : `${strideNumerator}/${strideDenominator}`;
    return `${pooled} of ${source} (${channels} channels, stride ${stride})`;
  });
  return pools.join(", ") || "none";
}

function describeUnknown({ unknownLayers }: ModelInfo): string {
  if (unknownLayers === null) return "not known: the native addon is not built";
  return unknownLayers.join(", ") || "none";
}

function thousands(count: number): string {
  return Math.round(count).toLocaleString("en-US");
}

/** @returns one line for each thing that was recognised */
export function formatModelInfo(info: ModelInfo): string {
  const { padding, noise, residual, edges } = info;
  const floats = (count: number): string => `${Math.round(count * 10) / 10} values per input pixel`;
  const rows: readonly (readonly [label: string, value: string])[] = [
    ["name", info.name],
    ["family", info.family],
    ["scale", describeScales(info.scale)],
    ["noise level", noise === null ? "the model has none" : `${noise}`],
    ["licence", info.licence ?? "not known"],
    ["blobs", `${info.inputBlob} to ${info.outputBlob}`],
    [
      "padding",
      padding.mode === "kept" ? "inside the network" : `${padding.pixels} px consumed on each side`,
    ],
    ["receptive radius", `${info.receptiveRadius} px`],
    ["overlap of tiles", `${info.overlap} px`],
    ["alignment of tiles", `${info.alignment} px`],
    ["beyond the edges", edges === "mirror" ? "the image mirrored" : "its outermost pixels repeated"],
    ["added to the output", residual === "nearest" ? "the input, enlarged by nearest neighbour" : "nothing"],
    ["global means", describePools(info)],
    ["layer types", info.layerTypes.join(", ")],
    ["layers not in this build", describeUnknown(info)],
    ["int8 layers", info.int8Layers === 0 ? "none" : `${info.int8Layers}`],
    ["multiplications", `${thousands(info.multiplicationsPerPixel)} per input pixel`],
    ["memory of blobs", floats(info.tensorFloatsPerPixel)],
    ["memory of Winograd", floats(info.winogradFloatsPerPixel)],
    ["weights", `${info.weights.count} numbers, ${info.weights.precision}`],
    ["graph file", describeFile(info.paramPath, info.files.param)],
    ["weight file", describeFile(info.binPath, info.files.bin)],
    ["sha256 of both", info.sha256],
  ];
  const width = Math.max(...rows.map(([label]) => label.length));
  return rows.map(([label, value]) => `${label.padEnd(width)}  ${value}\n`).join("");
}

/** @returns null when there is no addon to ask: what is read from the files is worth showing without it */
function findUnknownLayers(types: readonly string[]): readonly string[] | null {
  try {
    return loadNcnnAddon().unknownLayers(types);
  } catch (thrown) {
    if (thrown instanceof FatalError) return null;
    throw thrown;
  }
}

/** A model's fault is the user's to know, not one of this program. */
export async function forUser<Value>(work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (thrown) {
    if (thrown instanceof ModelError) throw new UpscalerError(thrown.code, thrown.message, { cause: thrown });
    throw thrown;
  }
}

/**
 * @param nameOrPath as `--model` takes it
 * @throws {UpscalerError} model_not_found, model_invalid
 */
export function resolveForUser(nameOrPath: string, choice: ModelChoice): Promise<ResolvedModel> {
  return forUser(async () => {
    const catalogue = await ModelCatalogue.open(MODELS_FOLDER);
    return catalogue.resolveNameOrPath(nameOrPath, choice);
  });
}

async function print(output: Writable, text: string): Promise<ExitCode> {
  output.end(text);
  await once(output, "finish");
  return EXIT.ok;
}

/**
 * Prints the models that come with the program, as text or as one JSON array.
 *
 * @throws {UpscalerError} model_invalid: the manifest is damaged
 */
export async function runModelList(options: { readonly json: boolean }, output: Writable): Promise<ExitCode> {
  const models = await forUser(async () => (await ModelCatalogue.open(MODELS_FOLDER)).list());
  return print(output, options.json ? `${JSON.stringify(models, null, 2)}\n` : formatModels(models));
}

/**
 * Prints everything that is recognised of one model, as text or as one JSON object.
 *
 * @param nameOrPath as `--model` takes it
 * @throws {UpscalerError} model_not_found; model_invalid: damaged, not usable in tiles, or not what was asked for
 */
export async function runModelInfo(
  nameOrPath: string,
  options: ModelChoice & { readonly json: boolean },
  output: Writable,
): Promise<ExitCode> {
  const model = await resolveForUser(nameOrPath, options);
  const unknownLayers = findUnknownLayers(model.layerTypes);
  const info: ModelInfo = { ...model, scales: scalesOf(model.scale), unknownLayers };
  return print(output, options.json ? `${JSON.stringify(info, null, 2)}\n` : formatModelInfo(info));
}

/** What an intact model of the program has to say for itself. */
function formatVerified(model: ResolvedModel): string {
  const { name, files, receptiveRadius, multiplicationsPerPixel, weights, licence } = model;
  const facts = [
    `${files.param.bytes + files.bin.bytes} bytes as listed`,
    `${weights.precision} weights`,
    `receptive radius ${receptiveRadius} px`,
    `${thousands(multiplicationsPerPixel)} multiplications per input pixel`,
    `licence ${licence}`,
  ];
  return `${name}: ${facts.join(", ")}\n`;
}

/**
 * Holds the models that come with the program against their manifest: digests, structure, every weight, what the graphs
 * say of scale, padding and radius, layers that this build has. A line for each model as soon as it has passed.
 *
 * @param names of the manifest; empty for all, and then no model file may be there that it does not list
 * @param folder of the manifest
 * @throws {UpscalerError} model_not_found, model_invalid: the first difference
 */
export async function runModelVerify(
  names: readonly string[],
  output: Writable,
  folder: string = MODELS_FOLDER,
): Promise<ExitCode> {
  await forUser(async () => {
    const catalogue = await ModelCatalogue.open(folder);
    for (const name of names.length > 0 ? names : catalogue.list().map((model) => model.name)) {
      const model = await catalogue.resolve(name);
      const unknown = findUnknownLayers(model.layerTypes) ?? [];
      if (unknown.length > 0) {
        throw new ModelError(
          `expected this build to have the layers of ${name}, it lacks ${unknown.join(", ")}`,
        );
      }
      output.write(formatVerified(model));
    }
    if (names.length === 0) await catalogue.expectNoOthers();
  });
  return print(output, "");
}
