import { readdir } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { dryRun, type PlannedItem } from "../../src/batch/dry-run.js";
import { BatchRun } from "../../src/batch/run-batch.js";
import { batchFolder, zip } from "./batch-folder.js";
import { batchParts } from "./fake-pages.js";

const { folder, plan, write } = batchFolder();
const never = new AbortController().signal;

describe("a dry run", () => {
  it("tells the names that a run gives, and writes nothing", async () => {
    await write({
      "in/1.jpg": "one",
      "in/1.png": "uno",
      "in/a.cbz": zip(["1.jpg", "one"], ["ComicInfo.xml", "<xml/>"]),
      "in/notes.txt": "text",
      "in/text.cbz": "no archive",
      "out/1.webp": "there",
    });
    const listed: PlannedItem[] = [];
    const options = { format: "webp", skipExisting: true } as const;
    for await (const item of dryRun(await plan(["in"], "out/"), options)) listed.push(item);
    expect(await readdir(folder.at("out"))).toEqual(["1.webp"]);
    const parts = batchParts({ skipExisting: true });
    await new BatchRun(await plan(["in"], "out/"), parts, never).run();
    const told = parts.report.events.flatMap((event) => (event.event === "item" ? [event] : []));
    const byTarget = (items: readonly { source: string; target: string | null }[]) =>
      items
        .filter(({ target }) => target !== null)
        .map(({ source, target }) => `${source} ${target}`)
        .sort();
    expect(byTarget(listed)).toEqual(byTarget(told));
    const actions = listed.map(({ action }) => action).sort();
    expect(actions).toEqual(["copy", "copy", "refuse", "skip", "upscale", "upscale"]);
  });
});
