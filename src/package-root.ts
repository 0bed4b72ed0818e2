import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

function findPackageRoot(start: string): string {
  for (let folder = start; ; folder = dirname(folder)) {
    if (existsSync(join(folder, "package.json"))) return folder;
    if (folder === dirname(folder)) throw new Error(`expected the package's folder above ${start}`);
  }
}

/** Folder of the package: the same whether the code runs from its sources or from dist/. */
export const PACKAGE_ROOT = findPackageRoot(import.meta.dirname);
