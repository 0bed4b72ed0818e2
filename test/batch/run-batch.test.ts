import { stat, unlink } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { BatchRun } from "../../src/batch/run-batch.js";
import { batchFolder } from "./batch-folder.js";
import { batchParts, upscaled } from "./fake-pages.js";

const { contents, folder, plan, write } = batchFolder();
const never = new AbortController().signal;

describe("folders into a folder", () => {
  it("keep their structure, what is no page, and names that would be the same apart", async () => {
    await write({
      "in/1.jpg": "one",
      "in/1.png": "other one",
      "in/ComicInfo.xml": "<xml/>",
      "in/sub/2.webp": "two",
      "in/sub/bad.jpg": "bad",
    });
    const parts = batchParts();
    await new BatchRun(await plan(["in"], "out/"), parts, never).run();
    expect(await contents("out")).toEqual({
      "1.webp": upscaled("one"),
      "1.png.webp": upscaled("other one"),
      "ComicInfo.xml": "<xml/>",
      "sub/2.webp": upscaled("two"),
    });
    expect(parts.report.statuses).toEqual({ upscaled: 3, copied: 1, failed: 1 });
    expect(parts.report.bytes).toBe((await plan(["in"], "out/")).bytes);
  });

  it("get the times of what they are made from", async () => {
    await write({ "in/1.jpg": "one" });
    await new BatchRun(await plan(["in"], "out/"), batchParts(), never).run();
    expect((await stat(folder.at("out/1.webp"))).mtimeMs).toBeCloseTo(
      (await stat(folder.at("in/1.jpg"))).mtimeMs,
      -1,
    );
  });

  it("have folders of their own when there are several", async () => {
    await write({ "a/1.jpg": "a", "b/1.jpg": "b", "c.jpg": "c" });
    await new BatchRun(await plan(["a", "b", "c.jpg"], "out/"), batchParts(), never).run();
    expect(Object.keys(await contents("out"))).toEqual(["a/1.webp", "b/1.webp", "c.webp"]);
  });

  it("leave what is there already when asked to, and do only the rest", async () => {
    await write({ "in/1.jpg": "one", "in/2.jpg": "two", "out/1.webp": "precious" });
    const parts = batchParts({ skipExisting: true });
    await new BatchRun(await plan(["in"], "out/"), parts, never).run();
    expect(await contents("out")).toEqual({ "1.webp": "precious", "2.webp": upscaled("two") });
    expect(parts.processor.processed).toBe(1);
    expect(parts.report.statuses).toEqual({ skipped: 1, upscaled: 1 });
  });

  it("may hold the output, which is not read", async () => {
    await write({ "in/1.jpg": "one", "in/out/9.jpg": "nine" });
    await new BatchRun(await plan(["in"], "in/out/"), batchParts(), never).run();
    expect(await contents("in/out")).toEqual({ "1.webp": upscaled("one"), "9.jpg": "nine" });
  });

  it("go on without a file that vanished", async () => {
    await write({ "in/1.jpg": "one", "in/2.jpg": "two", "in/3.xml": "three", "in/4.xml": "four" });
    const planned = await plan(["in"], "out/");
    await unlink(folder.at("in/1.jpg"));
    await unlink(folder.at("in/3.xml"));
    const parts = batchParts();
    await new BatchRun(planned, parts, never).run();
    expect(await contents("out")).toEqual({ "2.webp": upscaled("two"), "4.xml": "four" });
    const failed = parts.report.events.filter(({ status }) => status === "failed");
    expect(failed).toMatchObject([
      { error: { code: "input_unreadable" } },
      { error: { code: "input_unreadable" } },
    ]);
  });

  it("never write over what is read", async () => {
    await write({ "in/1.webp": "one", "in/2.jpg": "two" });
    const parts = batchParts();
    await new BatchRun(await plan(["in/1.webp", "in/2.jpg"], "in/"), parts, never).run();
    expect(await contents("in")).toEqual({ "1.webp": "one", "2.jpg": "two", "2.webp": upscaled("two") });
    expect(parts.report.events).toMatchObject([
      { error: { code: "output_conflict" } },
      { status: "upscaled" },
    ]);
    await expect(plan(["in"], "in")).rejects.toMatchObject({ code: "output_conflict" });
  });

  it("go on when one folder cannot be made", async () => {
    await write({ "in/a/1.jpg": "one", "in/b/2.jpg": "two", "out/a": "a file" });
    const parts = batchParts();
    await new BatchRun(await plan(["in"], "out/"), parts, never).run();
    expect(await contents("out")).toEqual({ a: "a file", "b/2.webp": upscaled("two") });
    expect(parts.report.statuses).toEqual({ failed: 1, upscaled: 1 });
  });
});
