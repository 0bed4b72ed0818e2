import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach } from "vitest";

/** An empty folder for each test of a file. To be called once, outside of tests. */
export function temporaryFolder(): { readonly path: string; at(...parts: readonly string[]): string } {
  const folder = {
    path: "",
    at(...parts: readonly string[]): string {
      return join(folder.path, ...parts);
    },
  };
  beforeEach(async () => {
    folder.path = await realpath(await mkdtemp(join(tmpdir(), "bdreader-batch-")));
  });
  afterEach(() => rm(folder.path, { recursive: true, force: true }));
  return folder;
}
