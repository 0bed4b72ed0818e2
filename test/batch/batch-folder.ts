import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { PLAIN_FILES } from "../../src/batch/batch-files.js";
import { findInput } from "../../src/batch/find-files.js";
import { chooseTarget } from "../../src/batch/output-target.js";
import { type BatchPlan, planBatch } from "../../src/batch/plan.js";
import { readArchive } from "./sources.js";
import { temporaryFolder } from "./temporary-folder.js";
import { type ZipEntry, zipBytes } from "./zip-bytes.js";

/** A folder for each test with what tests of whole runs do in it. Paths are below it. To be called once, outside of tests. */
export function batchFolder() {
  const folder = temporaryFolder();
  return {
    ...{ folder },

    async write(files: Readonly<Record<string, string | Uint8Array>>): Promise<void> {
      for (const [path, content] of Object.entries(files)) {
        await mkdir(folder.at(path, ".."), { recursive: true });
        await writeFile(folder.at(path), content);
      }
    },

    async plan(inputs: readonly string[], output: string, extract = false): Promise<BatchPlan> {
      const found = await Promise.all(inputs.map((input) => findInput(folder.at(input))));
      const target = await chooseTarget(folder.at(output), null, found);
      return planBatch(found, target, extract, PLAIN_FILES);
    },

    /** Everything below a folder, by its path. */
    async contents(path: string): Promise<Record<string, string>> {
      const found = await readdir(folder.at(path), { recursive: true, withFileTypes: true });
      const files = found.filter((each) => each.isFile()).map((each) => join(each.parentPath, each.name));
      const start = folder.at(path).length + 1;
      const read = files.sort().map(async (file) => [file.slice(start), await readFile(file, "utf8")]);
      return Object.fromEntries(await Promise.all(read));
    },

    async archiveOf(path: string): Promise<readonly (readonly [string, string])[]> {
      const { entries, failure } = await readArchive(folder.at(path));
      expect(failure).toBeNull();
      return entries;
    },
  };
}

/** An archive of stored entries. */
export function zip(...entries: readonly (readonly [string, string])[]): Buffer {
  return zipBytes(entries.map(([name, data]): ZipEntry => ({ name, data: Buffer.from(data) })));
}
