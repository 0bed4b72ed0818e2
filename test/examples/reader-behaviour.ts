import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../clients/reference-client.js";
import { TEST_WORKER } from "../support/worker.js";

/** @returns how an example is run with its arguments */
export type Reader = (args: readonly string[]) => { command: readonly string[]; env: NodeJS.ProcessEnv };

interface Shown {
  readonly path: string;
  readonly source: string;
}

const PAGES = 5;
const POISON = "POISON";
const POISONED_PAGE = 3;
const WORKER = [process.execPath, TEST_WORKER];

function widthOf(page: number): number {
  return 40 + page;
}

/** Writes a book in which one page makes the worker crash that is told so. */
async function writeBook(folder: string): Promise<string[]> {
  const numbers = Array.from({ length: PAGES }, (_, index) => index + 1);
  return Promise.all(
    numbers.map(async (page) => {
      const background = { r: 40 * page, g: 90, b: 90 };
      const image = sharp({ create: { width: widthOf(page), height: 30, channels: 3, background } });
      const file = join(folder, `page-${page}.jpg`);
      // Decoders ignore what follows a JPEG's end.
      const tail = Buffer.from(page === POISONED_PAGE ? POISON : "");
      writeFileSync(file, Buffer.concat([await image.jpeg().toBuffer(), tail]));
      return file;
    }),
  );
}

/** Holds an example reader to what docs/embedding.md says of it. */
export function describeReader(name: string, prepare: () => Reader): void {
  describe(name, () => {
    const folder = mkdtempSync(join(tmpdir(), "reader-"));
    let book: string[] = [];
    let reader: Reader = () => ({ command: [], env: {} });
    beforeAll(async () => {
      reader = prepare();
      book = await writeBook(folder);
    });
    afterAll(() => rmSync(folder, { recursive: true }));

    function read(...workerArguments: string[]): Shown[] {
      const { command, env } = reader([
        ...[join(folder, "cache"), ...book],
        ...["--", ...WORKER, ...workerArguments],
      ]);
      const lines = run({ command, env, cwd: folder }).matchAll(/^page \d+: (.*) \((?:from )?the (\w+)/gm);
      return [...lines].map(([, path = "", source = ""]) => ({ path, source }));
    }

    it("shows every page, and the original of one that the worker does not survive", async () => {
      const shown = read("--fault", `crash-on=${POISON}`);
      expect(shown.length).toBe(PAGES);
      for (const [index, { path, source }] of shown.entries()) {
        if (index + 1 === POISONED_PAGE) {
          expect({ path, source }).toEqual({ path: book[index], source: "original" });
          continue;
        }
        expect(["worker", "cache"]).toContain(source);
        const { width, format } = await sharp(readFileSync(path)).metadata();
        expect({ width, format }).toEqual({ width: 2 * widthOf(index + 1), format: "webp" });
      }
    });

    it("takes what it has upscaled before from its cache", () => {
      const sources = read().map(({ source }) => source);
      expect(sources).toEqual(["cache", "cache", "worker", "cache", "cache"]);
    });
  });
}
