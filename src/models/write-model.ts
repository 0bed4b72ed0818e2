import { realpath } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { messageOf } from "../errors.js";
import { writeWhole } from "../files/write-whole.js";
import { type ResolvedModel, resolveForeignModel } from "./catalogue.js";
import { ModelError } from "./model-error.js";
import type { ModelPaths } from "./model-files.js";

/** The bytes of a model's two files. */
export interface ModelBytes {
  readonly param: Uint8Array;
  readonly bin: Uint8Array;
}

/** @param path FILE.param, FILE.bin or FILE without its ending; any other ending belongs to the name */
export function outputPaths(path: string): ModelPaths {
  const ending = extname(path);
  const isModelFile = ending === ".param" || ending === ".bin";
  const stem = isModelFile ? join(dirname(path), basename(path, ending)) : path;
  return { paramPath: `${stem}.param`, binPath: `${stem}.bin` };
}

/**
 * @param source that is being read
 * @throws {ModelError} the folder is not there, or the source's own files would be written over
 */
export async function expectOtherFiles(target: ModelPaths, source: ModelPaths): Promise<void> {
  const folder = await realpath(dirname(target.paramPath)).catch((cause: unknown) => {
    throw new ModelError(`expected the folder of ${target.paramPath} to be there: ${messageOf(cause)}`, {
      cause,
    });
  });
  const sources = await Promise.all([realpath(source.paramPath), realpath(source.binPath)]);
  const targets = [target.paramPath, target.binPath].map((path) => join(folder, basename(path)));
  if (targets.some((path) => sources.includes(path)))
    throw new ModelError(`expected another name than that of the model itself, received ${target.paramPath}`);
}

/**
 * Writes a model and reads it again.
 *
 * @throws {UpscalerError} the files cannot be written
 * @throws {ModelError} what was written is no model that can be used: a fault of what made the bytes
 */
export async function writeModel(target: ModelPaths, { param, bin }: ModelBytes): Promise<ResolvedModel> {
  await writeWhole(target.binPath, bin);
  await writeWhole(target.paramPath, param);
  return resolveForeignModel(target.paramPath);
}
