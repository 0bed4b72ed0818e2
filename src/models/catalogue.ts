import { join } from "node:path";
import { UpscalerError } from "../errors.js";
import { describeNetwork, type ModelFamily, type ModelPadding, type NetworkDescription } from "./family.js";
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
  locateModelFiles,
  type ModelPaths,
  modelDigest,
  modelNameOf,
  readTextFile,
} from "./model-files.js";
import { MAX_PARAM_FILE_BYTES, parseParamFile } from "./param-file.js";

/** Everything that loading and running a model takes; its files have been checked. */
export interface ResolvedModel {
  readonly name: string;
  readonly family: ModelFamily;
  /** Output pixels per input pixel. */
  readonly scale: number;
  readonly paramPath: string;
  readonly binPath: string;
  readonly inputBlob: string;
  readonly outputBlob: string;
  readonly padding: ModelPadding;
  /** Input pixels on each side that a tile must bring along, see NetworkDescription. */
  readonly overlap: number;
  /** Input pixels. */
  readonly alignment: number;
  readonly residual: "none" | "nearest";
  readonly globalContext: boolean;
  /** Of both files together, hexadecimal. */
  readonly sha256: string;
  /** SPDX expression; null for weights that no manifest describes. */
  readonly licence: string | null;
}

/** What lists of models show. */
export interface ModelSummary {
  readonly name: string;
  readonly title: string;
  readonly family: ModelFamily;
  readonly scale: number;
  readonly licence: string;
  readonly isDefault: boolean;
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

  list(): readonly ModelSummary[] {
    return this.#manifest.models.map(({ name, title, family, scale, licence }) => ({
      name,
      title,
      family,
      scale,
      licence,
      isDefault: name === this.#manifest.default,
    }));
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

  /** As `resolve` for a name of the manifest, as `resolveForeignModel` for anything else: what `--model` takes. */
  async resolveNameOrPath(nameOrPath: string): Promise<ResolvedModel> {
    const isName = this.#manifest.models.some(({ name }) => name === nameOrPath);
    const looksLikePath = /[/\\]|\.(?:param|bin)$/.test(nameOrPath);
    return isName || !looksLikePath ? this.resolve(nameOrPath) : resolveForeignModel(nameOrPath);
  }
}

/**
 * @param path FILE.param, FILE.bin or a folder with one of each; weights from elsewhere, recognised by their graph
 * @throws {ModelError} missing, damaged, or not a network that can be run in tiles
 */
export async function resolveForeignModel(path: string): Promise<ResolvedModel> {
  const paths = await locateModelFiles(path);
  const [param, bin] = await Promise.all([digestFile(paths.paramPath), digestFile(paths.binPath)]);
  const network = await readNetwork(paths.paramPath);
  return toResolved(modelNameOf(paths), paths, network, modelDigest(param, bin), null);
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
  const network = await readNetwork(paths.paramPath);
  expectAgreement(model, network);
  return toResolved(model.name, paths, network, modelDigest(param, bin), model.licence);
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

async function readNetwork(paramPath: string): Promise<NetworkDescription> {
  const text = await readTextFile(paramPath, MAX_PARAM_FILE_BYTES);
  try {
    return describeNetwork(parseParamFile(text));
  } catch (cause) {
    if (cause instanceof ModelError) throw new ModelError(`${paramPath}: ${cause.message}`, { cause });
    throw cause;
  }
}

/** A manifest that contradicts its graph would give seams or garbage without any error later. */
function expectAgreement(model: ManifestModel, network: NetworkDescription): void {
  const pairs: readonly (readonly [string, string | number, string | number])[] = [
    ["family", model.family, network.family],
    ["scale", model.scale, network.scale],
    ["blobs.input", model.blobs.input, network.inputBlob],
    ["blobs.output", model.blobs.output, network.outputBlob],
    ["padding.mode", model.padding.mode, network.padding.mode],
    ["padding.pixels", model.padding.pixels, network.padding.pixels],
    ["receptive_radius", model.receptive_radius, network.receptiveRadius],
  ];
  for (const [field, listed, found] of pairs) {
    if (listed !== found) {
      throw new ModelError(
        `expected ${field} of model ${model.name} in the manifest to be ${found}, as its graph says, received ${listed}`,
      );
    }
  }
}

function toResolved(
  name: string,
  paths: ModelPaths,
  network: NetworkDescription,
  sha256: string,
  licence: string | null,
): ResolvedModel {
  const { family, scale, inputBlob, outputBlob, padding, overlap, alignment, residual, globalContext } =
    network;
  return {
    ...{ name, family, scale, ...paths, inputBlob, outputBlob, padding },
    ...{ overlap, alignment, residual, globalContext, sha256, licence },
  };
}
