import { readdir, stat } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { BatchError } from "../../src/batch/batch-error.js";
import { type BatchFiles, PLAIN_FILES } from "../../src/batch/batch-files.js";
import { BatchRun } from "../../src/batch/run-batch.js";
import type { Source } from "../../src/batch/source.js";
import { UpscalerError } from "../../src/errors.js";
import { batchFolder, zip } from "./batch-folder.js";
import { batchParts, type KeptReport, upscaled } from "./fake-pages.js";

const { contents, folder, plan, write } = batchFolder();
const never = new AbortController().signal;

describe("an end before everything is done", () => {
  /** A disk that has room for so many bytes. */
  function smallDisk(bytes: number): BatchFiles {
    let room = bytes;
    return {
      ...PLAIN_FILES,
      async create(path) {
        const file = await PLAIN_FILES.create(path);
        return {
          ...file,
          async write(data) {
            room -= data.length;
            if (room < 0) throw new BatchError("output_full", `cannot write ${path}: ENOSPC`);
            await file.write(data);
          },
        };
      },
    };
  }
  const many = Object.fromEntries(
    Array.from({ length: 40 }, (_, index) => [`in/${index}.jpg`, `page ${index}`]),
  );

  it("by a full disk leaves whole files only, and says why", async () => {
    await write(many);
    const parts = batchParts({ io: smallDisk(100) });
    await expect(new BatchRun(await plan(["in"], "out/"), parts, never).run()).rejects.toMatchObject({
      code: "output_full",
    });
    const left = await contents("out");
    expect(Object.keys(left).length).toBeGreaterThan(8);
    expect(Object.keys(left).length).toBeLessThan(12);
    for (const [name, content] of Object.entries(left)) {
      expect(content).toBe(upscaled(`page ${name.replace(".webp", "")}`));
    }
    expect(parts.processor.active).toBe(0);
  });

  it("by a full disk leaves nothing of an archive, wherever it happens", async () => {
    await write({ "book.cbz": zip(["1.jpg", "one"], ["2.jpg", "two"], ["3.jpg", "three"]) });
    await new BatchRun(await plan(["book.cbz"], "whole/"), batchParts(), never).run();
    const { size } = await stat(folder.at("whole/book.cbz"));
    for (const bytes of [0, 40, 200, size - 1]) {
      const parts = batchParts({ io: smallDisk(bytes) });
      const run = new BatchRun(await plan(["book.cbz"], "out/"), parts, never).run();
      await expect(run).rejects.toMatchObject({ code: "output_full" });
      expect(await readdir(folder.at("out"))).toEqual([]);
    }
    await new BatchRun(await plan(["book.cbz"], "out/"), batchParts({ io: smallDisk(size) }), never).run();
    expect(await readdir(folder.at("out"))).toEqual(["book.cbz"]);
  });

  it.each([0, 1, 2])("by a lost GPU at page %i leaves no archive that lacks pages", async (lost) => {
    const pages = ["one", "two", "three"].map(
      (page, index) => [`${index}.jpg`, index === lost ? "lost" : page] as const,
    );
    await write({ "book.cbz": zip(...pages) });
    const parts = batchParts();
    const run = new BatchRun(await plan(["book.cbz"], "out/"), parts, never).run();
    await expect(run).rejects.toMatchObject({ code: "gpu_lost" });
    expect(await readdir(folder.at("out")).catch(() => [])).toEqual([]);
  });

  it("by the user finishes or removes what is being written, and starts nothing more", async () => {
    await write({ ...many, "in/z.cbz": zip(["1.jpg", "one"]) });
    const stop = new AbortController();
    const parts = batchParts();
    const seen = parts.report.onEvent.bind(parts.report);
    (parts.report as KeptReport).onEvent = (event) => {
      seen(event);
      if (parts.report.events.length === 5) stop.abort(new UpscalerError("cancelled", "ended early"));
    };
    await expect(new BatchRun(await plan(["in"], "out/"), parts, stop.signal).run()).rejects.toMatchObject({
      code: "cancelled",
    });
    const left = await contents("out");
    expect(Object.keys(left).length).toBeLessThan(20);
    for (const [name, content] of Object.entries(left)) {
      expect(content).toBe(upscaled(`page ${name.replace(".webp", "")}`));
    }
    expect(parts.processor).toMatchObject({ active: 0 });
    expect(parts.processor.processed).toBeLessThan(20);
  });

  it.each(["entry", "content"])(
    "does not wait for an archive that never gives its next %s",
    async (silent) => {
      const stop = new AbortController();
      const pending = new Promise<never>(() => undefined);
      const entry = {
        ...({ refused: null, label: "x/1.jpg", weight: 0, path: "1.jpg", kind: "page", bytes: 1 } as const),
        ...{ modified: null, file: null, read: () => pending },
      };
      let closed = 0;
      const source: Source = {
        ...{ label: "x", bytes: 1, modified: null },
        open: async () => ({
          comment: null,
          async *entries() {
            if (silent === "content") yield entry;
            setImmediate(() => stop.abort(new UpscalerError("cancelled", "ended early")));
            await pending;
          },
          async close() {
            closed++;
          },
        }),
      };
      const task = { writes: "archive", path: folder.at("x.cbz"), makesFolders: false } as const;
      const tasks = [{ ...task, sources: [{ source, prefix: "" }] }];
      const endless = { tasks, inputs: new Set<string>(), bytes: 1, refused: [], links: [] };
      await expect(new BatchRun(endless, batchParts(), stop.signal).run()).rejects.toMatchObject({
        code: "cancelled",
      });
      expect(closed).toBe(1);
      expect(await readdir(folder.path)).toEqual([]);
    },
  );

  it("before it has begun does nothing", async () => {
    await write(many);
    const stopped = AbortSignal.abort(new UpscalerError("cancelled", "ended early"));
    const parts = batchParts();
    await expect(new BatchRun(await plan(["in"], "out/"), parts, stopped).run()).rejects.toMatchObject({
      code: "cancelled",
    });
    expect(parts.processor.processed).toBe(0);
  });
});
