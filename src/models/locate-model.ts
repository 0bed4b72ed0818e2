import { readdir, stat } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { messageOf } from "../errors.js";
import { ModelError } from "./model-error.js";
import type { ModelPaths } from "./model-files.js";
import { chooseModel, type ModelCandidate, type ModelChoice, readModelName } from "./model-selection.js";
import { readNetworkFile } from "./network-file.js";

/** The published families have a dozen models each; bounds how many graphs are read to learn their scales. */
const MAX_MODELS_IN_FOLDER = 64;

/**
 * @param path FILE.param, FILE.bin, FILE without its ending, or a folder with models
 * @param choice which of a folder's models; not looked at for a file
 * @throws {ModelError} nothing there, half of a model, or a folder without exactly one model that fits
 */
export async function locateModel(path: string, choice: ModelChoice): Promise<ModelPaths> {
  const stem = (await isFolder(path)) ? join(path, await chooseIn(path, choice)) : withoutEnding(path);
  const paths = { paramPath: `${stem}.param`, binPath: `${stem}.bin` };
  for (const file of [paths.paramPath, paths.binPath]) await expectFile(file);
  return paths;
}

export async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

async function chooseIn(folder: string, choice: ModelChoice): Promise<string> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".param")).sort();
  if (names.length === 0) throw new ModelError(`expected a .param file in ${folder}, received none`);
  if (names.length > MAX_MODELS_IN_FOLDER) {
    throw new ModelError(
      `expected at most ${MAX_MODELS_IN_FOLDER} models in ${folder}, received ${names.length}: name one as FILE.param`,
    );
  }
  const candidates: ModelCandidate[] = [];
  for (const name of names) candidates.push(await readCandidate(folder, basename(name, ".param")));
  return chooseModel(candidates, choice, folder).stem;
}

async function readCandidate(folder: string, stem: string): Promise<ModelCandidate> {
  const name = readModelName(stem);
  return { ...name, stem, scale: name.scale ?? (await scaleOf(join(folder, `${stem}.param`))) };
}

/** @returns null for a graph that cannot be used: it must not keep the folder's other models from being used */
async function scaleOf(paramPath: string): Promise<number | null> {
  try {
    return (await readNetworkFile(paramPath)).network.scale;
  } catch (thrown) {
    if (thrown instanceof ModelError) return null;
    throw thrown;
  }
}

function withoutEnding(path: string): string {
  const ending = extname(path);
  return ending === ".param" || ending === ".bin" ? join(dirname(path), basename(path, ending)) : path;
}

async function expectFile(path: string): Promise<void> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new ModelError(`expected a model file at ${path}: ${messageOf(cause)}`, { cause });
  });
  if (!found.isFile()) throw new ModelError(`expected ${path} to be a regular file`);
}
