import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe } from "vitest";
import { type Graph, parseParamFile } from "../../src/models/param-file.js";

const VARIABLE = "BDREADER_PUBLISHED_MODELS";
const folder = process.env[VARIABLE] ?? "";

/** Folder of the published models, one folder a family; they are not part of the project and need not be there. */
export const PUBLISHED_FOLDER: string | null = folder !== "" && existsSync(folder) ? folder : null;

/** Runs tests that read published models, or says aloud that it cannot. */
export function describePublished(name: string, tests: (folder: string) => void): void {
  if (PUBLISHED_FOLDER !== null) {
    describe(name, () => tests(PUBLISHED_FOLDER));
    return;
  }
  const remedy = `set ${VARIABLE} to a folder of published models`;
  process.stderr.write(`skipped: ${name} (${remedy})\n`);
  describe.skip(`${name}: ${remedy}`, () => undefined);
}

/** @returns paths of all graphs in the folder, relative to it and without their ending */
export function publishedStems(root: string): readonly string[] {
  const families = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return families.flatMap(({ name }) =>
    readdirSync(join(root, name))
      .filter((file) => file.endsWith(".param"))
      .map((file) => `${name}/${file.slice(0, -".param".length)}`),
  );
}

export function readGraph(root: string, stem: string): Graph {
  return parseParamFile(readFileSync(join(root, `${stem}.param`), "utf8"));
}
