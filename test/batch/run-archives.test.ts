import { readdir, readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { BatchRun } from "../../src/batch/run-batch.js";
import { batchFolder, zip } from "./batch-folder.js";
import { batchParts, upscaled } from "./fake-pages.js";
import { zipBytes } from "./zip-bytes.js";

const { archiveOf, contents, folder, plan, write } = batchFolder();
const never = new AbortController().signal;

describe("archives", () => {
  const pages = Array.from({ length: 60 }, (_, index) => [`${60 - index}.jpg`, `page ${index}`] as const);

  it("stay archives, in their order however pages are finished, with what is no page and their comment", async () => {
    const info = ["ComicInfo.xml", "<xml/>"] as const;
    await write({
      "in/sub/book.cbz": zipBytes(
        [info, ...pages].map(([name, data]) => ({ name, data: Buffer.from(data) })),
        "note",
      ),
    });
    const parts = batchParts();
    await new BatchRun(await plan(["in"], "out/"), parts, never).run();
    expect(await archiveOf("out/sub/book.cbz")).toEqual([
      info,
      ...pages.map(([name, data]) => [name.replace("jpg", "webp"), upscaled(data)]),
    ]);
    expect((await readFile(folder.at("out/sub/book.cbz"))).subarray(-4).toString()).toBe("note");
    expect(parts.report.statuses).toEqual({ upscaled: 60, copied: 1, "archive written": 1 });
    expect(parts.report.bytes).toBe((await plan(["in"], "out/")).bytes);
    expect(await readdir(folder.at("out/sub"))).toEqual(["book.cbz"]);
  });

  it("are read ahead within the limits, also across two of them", async () => {
    await write({ "in/a.cbz": zip(...pages.slice(0, 2)), "in/b.cbz": zip(...pages) });
    const parts = batchParts({ limits: { items: 5, inputBytes: 1000, unwrittenBytes: 1000 } });
    parts.processor.gather = 5;
    await new BatchRun(await plan(["in"], "out/"), parts, never).run();
    expect(parts.processor.most).toBe(5);
    expect(await archiveOf("out/b.cbz")).toHaveLength(60);
  });

  it("keep a page that cannot be upscaled as it was, under its own name", async () => {
    await write({ "book.cbz": zip(["1.jpg", "one"], ["2.jpg", "bad"], ["3.jpg", "three"]) });
    const parts = batchParts();
    await new BatchRun(await plan(["book.cbz"], "out/"), parts, never).run();
    expect(await archiveOf("out/book.cbz")).toEqual([
      ["1.webp", upscaled("one")],
      ["2.jpg", "bad"],
      ["3.webp", upscaled("three")],
    ]);
    expect(parts.report.statuses).toEqual({ upscaled: 2, kept: 1, "archive written": 1 });
  });

  it("are not written when no page could be upscaled, when a page cannot be read, or without entries", async () => {
    const damaged = { name: "2.jpg", data: Buffer.from("two"), crc: 1 };
    await write({
      "in/bad.cbz": zip(["1.jpg", "bad"], ["2.jpg", "bad too"]),
      "in/damaged.cbz": zipBytes([{ name: "1.jpg", data: Buffer.from("one") }, damaged]),
      "in/empty.cbz": zip(),
      "in/good.cbz": zip(["1.jpg", "one"]),
      "in/slip.cbz": zip(["1.jpg", "one"], ["../../outside.jpg", "x"]),
      "in/text.cbz": "no archive",
    });
    const parts = batchParts();
    await new BatchRun(await plan(["in"], "out/"), parts, never).run();
    expect(await readdir(folder.at("out"))).toEqual(["good.cbz"]);
    expect((await readdir(folder.path)).sort()).toEqual(["in", "out"]);
    expect(parts.report.statuses).toMatchObject({ "archive failed": 5, "archive written": 1 });
  });

  it("leave out what is no page and cannot be read, and say so", async () => {
    const damaged = { name: "notes.txt", data: Buffer.from("two"), crc: 1 };
    await write({ "book.cbz": zipBytes([{ name: "1.jpg", data: Buffer.from("one") }, damaged]) });
    const parts = batchParts();
    await new BatchRun(await plan(["book.cbz"], "out/"), parts, never).run();
    expect(await archiveOf("out/book.cbz")).toEqual([["1.webp", upscaled("one")]]);
    expect(parts.report.statuses).toEqual({ upscaled: 1, failed: 1, "archive written": 1 });
  });

  it("become folders when they are extracted, and entries of one archive when that is asked for", async () => {
    await write({ "in/0.jpg": "zero", "in/a.cbz": zip(["1.jpg", "one"]), "in/a.cbr": zip(["1.jpg", "uno"]) });
    await new BatchRun(await plan(["in"], "out/", true), batchParts(), never).run();
    expect(await contents("out")).toEqual({
      "0.webp": upscaled("zero"),
      "a/1.webp": upscaled("uno"),
      "a (2)/1.webp": upscaled("one"),
    });
    await new BatchRun(await plan(["in"], "all.cbz"), batchParts(), never).run();
    expect((await archiveOf("all.cbz")).map(([name]) => name)).toEqual([
      "0.webp",
      "a/1.webp",
      "a (2)/1.webp",
    ]);
  });

  it("that end up with the same name are kept apart", async () => {
    await write({ "in/a.cbz": zip(["1.jpg", "one"]), "in/a.cbr": zip(["1.jpg", "uno"]) });
    await new BatchRun(await plan(["in"], "out/"), batchParts(), never).run();
    expect((await readdir(folder.at("out"))).sort()).toEqual(["a (2).cbz", "a.cbz"]);
  });

  it("keep entries of the same name apart", async () => {
    await write({ "book.cbz": zip(["1.jpg", "one"], ["1.jpg", "two"], ["1.JPG", "three"]) });
    await new BatchRun(await plan(["book.cbz"], "out.cbz"), batchParts(), never).run();
    const names = (await archiveOf("out.cbz")).map(([name]) => name);
    expect(new Set(names).size).toBe(3);
  });

  it("are skipped whole when they are there already", async () => {
    await write({ "in/a.cbz": zip(["1.jpg", "one"]), "out/a.cbz": "precious" });
    const parts = batchParts({ skipExisting: true });
    await new BatchRun(await plan(["in"], "out/"), parts, never).run();
    expect(await contents("out")).toEqual({ "a.cbz": "precious" });
    expect(parts.report.statuses).toEqual({ "archive skipped": 1 });
    expect(parts.report.bytes).toBe((await plan(["in"], "out/")).bytes);
  });
});
