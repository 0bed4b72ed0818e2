import { mkdir, mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { availableParallelism, loadavg } from "node:os";
import { join } from "node:path";
import type { Writable } from "node:stream";
import { EXIT, type ExitCode } from "../../protocol/error-codes.js";
import { markdownTable } from "../bench/bench-tables.js";
import { benchFiles, FILES_WAYS, type FilesCase, type FilesResult } from "../bench/files-bench.js";
import { sharp } from "../stages/sharp.js";
import type { BenchFilesChoice } from "./bench-files-options.js";
import { SAMPLE_PAGE } from "./read-pages.js";

/** Widths of the pages in turn: files of about 0.3 to 0.8 MB. */
const WIDTHS = [700, 800, 1000, 1200];

/** @returns the mean size in bytes */
async function makePages(folder: string, count: number): Promise<number> {
  await mkdir(folder);
  const kinds = await Promise.all(
    WIDTHS.map((width) =>
      sharp(SAMPLE_PAGE).resize(width).jpeg({ quality: 92, chromaSubsampling: "4:4:4" }).toBuffer(),
    ),
  );
  let bytes = 0;
  for (let index = 0; index < count; index++) {
    const page = kinds[index % kinds.length] as Buffer;
    const file = await open(join(folder, `${String(index).padStart(6, "0")}.jpg`), "wx");
    await file.writeFile(page);
    await file.sync();
    await file.close();
    bytes += page.length;
  }
  return bytes / count;
}

function casesOf({ files, pages }: BenchFilesChoice): readonly FilesCase[] {
  return [false, true].flatMap((withCodecs) =>
    [true, false].map((isCold) => ({
      withCodecs,
      isCold,
      count: withCodecs ? Math.min(files, pages) : files,
    })),
  );
}

function format(results: readonly FilesResult[], cases: readonly FilesCase[]): string {
  const titles = cases.map(
    ({ withCodecs, isCold }) => `${withCodecs ? "with codecs" : "files only"}, ${isCold ? "cold" : "cached"}`,
  );
  const rows = FILES_WAYS.map((way) => [
    `${way.ahead === 0 ? "one after another" : `${way.ahead} ahead`}${way.ring ? ", io_uring" : ""}`,
    ...results
      .filter((result) => result.way === way)
      .map(({ msPerPage, cpuMsPerPage }) =>
        Number.isNaN(msPerPage) ? "not here" : `${msPerPage.toFixed(2)} (${cpuMsPerPage.toFixed(2)})`,
      ),
  ]);
  return markdownTable(["way", ...titles], rows);
}

/** Compares ways to read and write page files, on this machine and in this folder's file system. */
export async function runBenchFiles(
  choice: BenchFilesChoice,
  output: Writable,
  progress: Writable,
): Promise<ExitCode> {
  const root = await mkdtemp(join(choice.folder, "bdreader-bench-files-"));
  try {
    const folder = join(root, "pages");
    const cases = casesOf(choice);
    const bytes = await makePages(folder, choice.files);
    const onProgress = (text: string) =>
      void progress.write(`${text}, load average ${(loadavg()[0] ?? 0).toFixed(1)}\n`);
    const results = await benchFiles({ folder, cases, rounds: choice.rounds, onProgress });
    const setting = `Node.js ${process.version}, libuv ${process.versions.uv}, ${availableParallelism()} cores, ${choice.files} files of ${(bytes / 1024).toFixed(0)} KiB, ${choice.rounds} rounds; ms for a page (of CPU)`;
    output.write(`${setting}\n\n${format(results, cases)}\n`);
    if (choice.json !== null)
      await writeFile(choice.json, `${JSON.stringify({ setting, results }, null, 2)}\n`);
  } finally {
    await rm(root, { recursive: true });
  }
  return EXIT.ok;
}
