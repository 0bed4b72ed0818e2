import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { benchFiles, FILES_WAYS } from "../../src/bench/files-bench.js";
import { screentonePage } from "../support/pages.js";

let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "bdreader-files-bench-"));
  await mkdir(join(root, "pages"));
  const page = await screentonePage(20, 20);
  for (const name of ["1.jpg", "2.jpg", "3.jpg"]) await writeFile(join(root, "pages", name), page);
});
afterAll(() => rm(root, { recursive: true }));

it("measures every way, also where the system refuses io_uring, and removes what it has written", async () => {
  const said: string[] = [];
  const results = await benchFiles({
    folder: join(root, "pages"),
    cases: [{ withCodecs: false, isCold: false, count: 3 }],
    rounds: 1,
    onProgress: (text) => said.push(text),
  });
  expect(results.map(({ way }) => way)).toEqual(FILES_WAYS);
  for (const { way, msPerPage, rounds } of results) {
    if (!way.ring) expect(rounds).toHaveLength(1);
    expect(rounds.length === 0 ? Number.isNaN(msPerPage) : msPerPage > 0).toBe(true);
  }
  expect(said).toEqual(["round 1 of 1"]);
  expect(await readdir(root)).toEqual(["pages"]);
}, 300_000);
