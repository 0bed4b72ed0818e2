import { join } from "node:path";
import { UpscalerError } from "../errors.js";
import type { ModelFamily, NetworkDescription } from "./family.js";
import { isFolder, locateModel } from "./locate-model.js";
import {
  MAX_MANIFEST_BYTES,
  type Manifest,
  type ManifestFile,
  type ManifestModel,
  parseManifest,
} from "./manifest.js";
import { ModelError } from "./model-error.js";
import {
  digestFile,
  type FileDigest,
  type ModelPaths,
  modelDigest,
  modelNameOf,
  readTextFile,
} from "./model-files.js";
import { ANY_MODEL, expectChosen, type ModelChoice, readModelName } from "./model-selection.js";
import { readNetworkFile } from "./network-file.js";
import { scalesOf } from "./scales.js";
import { findUnlistedFiles } from "./unlisted-files.js";
import { checkWeightFile, type WeightSummary } from "./weight-file.js";

/** Everything that loading and running a model takes; its files have been checked. */
export interface ResolvedModel extends NetworkDescription, ModelPaths {
  readonly name: string;
  /** Strength of the noise removal, -1 for none; null for a model without levels. See ModelName. */
  readonly noise: number | null;
  readonly files: ModelFiles;
  readonly weights: WeightSummary;
  /** Of both files together, hexadecimal. */
  readonly sha256: string;
  /** SPDX expression; null for weights that no manifest describes. */
  readonly licence: string | null;
}

export interface ModelFiles {
  readonly param: FileDigest;
  readonly bin: FileDigest;
}

/** What lists of models show. */
export interface ModelSummary {
  readonly name: string;
  readonly title: string;
  readonly family: ModelFamily;
  readonly scale: number;
  /** Of results, see scalesOf. */
  readonly scales: readonly number[];
  readonly licence: string;
  readonly isDefault: boolean;
  /** Whether it is the default on a discrete GPU. */
  readonly isGpuDefault: boolean;
}

/** The models that come with the program, and foreign ones by their path. Files are read when a model is resolved. */
export class ModelCatalogue {
  readonly #folder: string;
  readonly #manifest: Manifest;

  private constructor(folder: string, manifest: Manifest) {
    this.#folder = folder;
    this.#manifest = manifest;
  }

  /**
   * @param folder holds manifest.json; the paths in it are relative to this folder
   * @throws {ModelError} no manifest, or an invalid one
   */
  static async open(folder: string): Promise<ModelCatalogue> {
    const text = await readTextFile(join(folder, "manifest.json"), MAX_MANIFEST_BYTES);
    return new ModelCatalogue(folder, parseManifest(text));
  }

  get defaultName(): string {
    return this.#manifest.default;
  }

  /** Of discrete GPUs; others are rarely fast enough for it. */
  get gpuDefaultName(): string {
    return this.#manifest.default_gpu ?? this.#manifest.default;
  }

  list(): readonly ModelSummary[] {
    return this.#manifest.models.map(({ name, title, family, scale, licence }) => ({
      name,
      title,
      family,
      scale,
      scales: scalesOf(scale),
      licence,
      isDefault: name === this.defaultName,
      isGpuDefault: name === this.gpuDefaultName,
    }));
  }

  /** @throws {ModelError} model files beside the listed ones: they would be shipped without digest and licence */
  async expectNoOthers(): Promise<void> {
    const others = await findUnlistedFiles(this.#folder, this.#manifest);
    if (others.length === 0) return;
    throw new ModelError(
      `expected every model file in ${this.#folder} to be in its manifest, found ${others.slice(0, 8).join(", ")}`,
    );
  }

  /**
   * @param name a model of the manifest; null for the default one
   * @throws {UpscalerError} model_not_found
   * @throws {ModelError} its files are missing, not those of the manifest, or contradict it
   */
  async resolve(name: string | null): Promise<ResolvedModel> {
    const wanted = name ?? this.#manifest.default;
    const model = this.#manifest.models.find((candidate) => candidate.name === wanted);
    if (model === undefined) {
      const known = this.#manifest.models.map((candidate) => candidate.name).join(", ");
      throw new UpscalerError(
        "model_not_found",
        `expected model to be one of ${known}, received ${wanted.slice(0, 80)}`,
      );
    }
    return resolveListed(this.#folder, model);
  }

  /**
   * As `resolve` for a name of the manifest, as `resolveForeignModel` for anything else: what `--model` takes. A bare
   * word is a path when a folder of that name is there.
   *
   * @throws {ModelError} also when a listed model is not what `choice` asks for
   */
  async resolveNameOrPath(nameOrPath: string, choice: ModelChoice = ANY_MODEL): Promise<ResolvedModel> {
    const isName = this.#manifest.models.some(({ name }) => name === nameOrPath);
    const looksLikePath = /[/\\]|\.(?:param|bin)$/.test(nameOrPath);
    if (!isName && (looksLikePath || (await isFolder(nameOrPath))))
      return resolveForeignModel(nameOrPath, choice);
    const model = await this.resolve(nameOrPath);
    expectChosen(model, choice);
    return model;
  }
}

/**
 * Weights from elsewhere, recognised by their graph. A folder with several models is chosen from by scale and noise, as
 * the programs that published the families do; see ModelChoice.
 *
 * @param path FILE.param, FILE.bin or a folder
 * @throws {ModelError} missing, damaged, not a network that can be run in tiles, or not what `choice` asks for
 */
export async function resolveForeignModel(
  path: string,
  choice: ModelChoice = ANY_MODEL,
): Promise<ResolvedModel> {
  const paths = await locateModel(path, choice);
  const [param, bin] = await Promise.all([digestFile(paths.paramPath), digestFile(paths.binPath)]);
  const name = modelNameOf(paths);
  const named = readModelName(name);
  const model = await readModel({ name, noise: named.noise, licence: null }, paths, { param, bin });
  if (named.scale !== null && named.scale !== model.scale) {
    throw new ModelError(
      `expected ${name} to be of scale ${named.scale}, as its name says, received a graph of scale ${model.scale}`,
    );
  }
  expectChosen(model, choice);
  return model;
}

async function resolveListed(folder: string, model: ManifestModel): Promise<ResolvedModel> {
  const file = (ending: string): ManifestFile => {
    const found = model.files.find(({ path }) => path.endsWith(ending));
    if (found === undefined) throw new ModelError(`expected model ${model.name} to list a ${ending} file`);
    return found;
  };
  const paths = { paramPath: join(folder, file(".param").path), binPath: join(folder, file(".bin").path) };
  const [param, bin] = await Promise.all([
    digestListed(paths.paramPath, file(".param")),
    digestListed(paths.binPath, file(".bin")),
  ]);
  const { name, licence, noise = null } = model;
  const resolved = await readModel({ name, licence, noise }, paths, { param, bin });
  expectAgreement(model, resolved);
  return resolved;
}

async function digestListed(path: string, listed: ManifestFile): Promise<FileDigest> {
  const found = await digestFile(path);
  if (found.bytes !== listed.bytes || found.sha256 !== listed.sha256) {
    throw new ModelError(
      `expected ${path} to have ${listed.bytes} bytes and sha256 ${listed.sha256}, received ${found.bytes} bytes and ${found.sha256}: the file is damaged or another version`,
    );
  }
  return found;
}

async function readModel(
  described: Pick<ResolvedModel, "name" | "noise" | "licence">,
  paths: ModelPaths,
  files: ModelFiles,
): Promise<ResolvedModel> {
  const { graph, network } = await readNetworkFile(paths.paramPath);
  const weights = await checkWeightFile(paths.binPath, graph);
  const sha256 = modelDigest(files.param, files.bin);
  return { ...described, ...network, ...paths, files, weights, sha256 };
}

/** A manifest that contradicts its files would give seams or garbage without any error later. */
function expectAgreement(model: ManifestModel, found: ResolvedModel): void {
  const pairs: readonly (readonly [string, string | number, string | number])[] = [
    ["family", model.family, found.family],
    ["scale", model.scale, found.scale],
    ["blobs.input", model.blobs.input, found.inputBlob],
    ["blobs.output", model.blobs.output, found.outputBlob],
    ["padding.mode", model.padding.mode, found.padding.mode],
    ["padding.pixels", model.padding.pixels, found.padding.pixels],
    ["receptive_radius", model.receptive_radius, found.receptiveRadius],
    ["precision", model.precision, found.weights.precision],
  ];
  for (const [field, listed, actual] of pairs) {
    if (listed !== actual) {
      throw new ModelError(
        `expected ${field} of model ${model.name} in the manifest to be ${actual}, as its files say, received ${listed}`,
      );
    }
  }
}
