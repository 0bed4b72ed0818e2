import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Manifest } from "./manifest.js";

const MODEL_FILE = /\.(?:param|bin)$/;

/**
 * @param folder of the manifest
 * @returns model files in the folders below that no model of the manifest lists, relative to `folder`
 */
export async function findUnlistedFiles(folder: string, manifest: Manifest): Promise<readonly string[]> {
  const listed = new Set(manifest.models.flatMap(({ files }) => files.map(({ path }) => path)));
  const entries = await readdir(folder, { withFileTypes: true });
  const found: string[] = [];
  for (const entry of entries.filter((candidate) => candidate.isDirectory())) {
    const names = await readdir(join(folder, entry.name));
    found.push(...names.map((name) => `${entry.name}/${name}`));
  }
  return found.filter((path) => MODEL_FILE.test(path) && !listed.has(path)).sort();
}
