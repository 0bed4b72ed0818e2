import { spawn } from "node:child_process";
import { readdir, writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../batch/temporary-folder.js";
import { CLI, collect } from "../support/worker.js";
import { cpu, jsonOf, metadataOf, readAll, watch, writeBook, writePages } from "./batch-runs.js";

const folder = temporaryFolder();

describe("a run that is killed", () => {
  it("leaves whole files only, and goes on with --skip-existing where it was", async () => {
    const names = await writePages(folder.at("in"), 60);
    const args = [folder.at("in"), "-o", `${folder.at("out")}/`, "--skip-existing"];
    const first = watch(args);
    await first.nth("item", 5);
    first.kill("SIGKILL");
    await first.ended;
    const before = (await readdir(folder.at("out"))).filter((name) => name.endsWith(".webp"));
    expect(before.length).toBeGreaterThanOrEqual(5);
    // What a kill in the middle of a write leaves, wherever this one happened to hit.
    await writeFile(folder.at("out", `.bdreader-${"0".repeat(8)}-1-${"0".repeat(8)}-0.txt`), "not ours");
    const second = await watch(args).ended;
    expect(second.code).toBe(0);
    const { items } = jsonOf(second).at(-1) as { items: { upscaled: number; skipped: number } };
    expect(items).toMatchObject({ upscaled: 60 - before.length, skipped: before.length });
    const after = (await readdir(folder.at("out"))).filter((name) => !name.startsWith(".bdreader-00000000"));
    expect(after.sort()).toEqual(names.map((name) => name.replace("png", "webp")).sort());
    for (const name of after) expect((await metadataOf(folder.at("out", name))).width).toBeGreaterThan(31);
  });

  it("over an archive leaves no archive, and the next run removes the beginning of it", async () => {
    await writeBook(folder.at("book.cbz"), 60);
    const args = [folder.at("book.cbz"), "-o", `${folder.at("out")}/`];
    const first = watch(args);
    await first.nth("item", 5);
    first.kill("SIGKILL");
    await first.ended;
    const left = await readdir(folder.at("out"));
    expect(left).toHaveLength(1);
    expect(left[0]).toMatch(/^\.bdreader-.*\.tmp$/);
    expect((await watch(args).ended).code).toBe(0);
    expect(await readdir(folder.at("out"))).toEqual(["book.cbz"]);
    expect((await readAll(folder.at("out/book.cbz"))).size).toBe(60);
  });
});

describe("a run that the user ends", () => {
  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("by %s leaves whole files only, and ends with %i", async (signal, code) => {
    await writePages(folder.at("in"), 60);
    await writeBook(folder.at("in", "book.cbz"), 30);
    const run = watch([folder.at("in"), "-o", `${folder.at("out")}/`]);
    await run.nth("item", 3);
    run.kill(signal);
    const ended = await run.ended;
    expect(ended).toMatchObject({ code, signal: null });
    expect(ended.stderr).toContain("error: cancelled: ended early: SIG");
    const left = await readdir(folder.at("out"));
    expect(left.length).toBeLessThan(61);
    for (const name of left) expect((await metadataOf(folder.at("out", name))).format).toBe("webp");
    expect(jsonOf(ended).at(-1)).toMatchObject({ event: "end" });
  });

  it("twice ends at once, without a file that is half written", async () => {
    const run = watch([await writeBook(folder.at("book.cbz"), 200), "-o", `${folder.at("out")}/`]);
    await run.nth("item", 3);
    run.kill("SIGINT");
    run.kill("SIGTERM");
    // Whichever came first: the second one waits for nothing.
    expect([130, 143]).toContain((await run.ended).code);
    expect(await readdir(folder.at("out"))).toEqual([]);
  });

  it("by closing the pipe of its JSON lines stops", async () => {
    const child = spawn(process.execPath, [
      CLI,
      "upscale",
      "--json",
      ...cpu,
      await writeBook(folder.at("book.cbz"), 200),
      "-o",
      folder.at("o.cbz"),
    ]);
    const ended = collect(child);
    child.stdout.once("data", () => child.stdout.destroy());
    expect((await ended).code).toBe(1);
    expect(await readdir(folder.path)).not.toContain("o.cbz");
  });
});
