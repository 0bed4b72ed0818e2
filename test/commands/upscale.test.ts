import { readdir, readFile, writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { toPageOptions } from "../../src/commands/image-options.js";
import { openStages } from "../../src/commands/open-stages.js";
import { SILENT_LOG } from "../../src/log.js";
import { temporaryFolder } from "../batch/temporary-folder.js";
import { zipBytes } from "../batch/zip-bytes.js";
import { never } from "../support/engines.js";
import { runCli } from "../support/worker.js";
import { cpu, metadataOf, pixelsOf, readAll, tinyPage, writePages } from "./batch-runs.js";

const folder = temporaryFolder();

describe("a CBZ of 200 pages", () => {
  it("becomes a CBZ whose every page is what it is by itself, with names, order and ComicInfo.xml kept", async () => {
    const pages = await Promise.all(
      Array.from({ length: 200 }, async (_, index) => ({
        // Not in the order of their names: the archive's own is kept.
        name: `chapter ${index % 2}/${String(199 - index).padStart(3, "0")}.png`,
        data: await tinyPage(index),
      })),
    );
    const info = Buffer.from('<ComicInfo><Page Image="0" ImageWidth="16" /></ComicInfo>');
    await writeFile(
      folder.at("book.cbz"),
      zipBytes([...pages, { name: "ComicInfo.xml", data: info, method: 8 }]),
    );
    const image = ["--lossless", "--effort", "0"];
    const run = await runCli([
      "upscale",
      folder.at("book.cbz"),
      "-o",
      folder.at("out.cbz"),
      ...cpu,
      ...image,
    ]);
    expect(run).toMatchObject({ code: 0, stderr: "200 upscaled, 1 copied, 1 archives written\n" });
    expect(run.stdout).toHaveLength(0);

    const written = await readAll(folder.at("out.cbz"));
    expect([...written.keys()]).toEqual([
      ...pages.map(({ name }) => name.replace(".png", ".webp")),
      "ComicInfo.xml",
    ]);
    expect(Buffer.from(written.get("ComicInfo.xml") ?? []).equals(info)).toBe(true);

    const choice = {
      gpuId: -1,
      tileSize: 0,
      model: null,
      scale: null,
      noise: null,
      precision: "auto",
    } as const;
    const more = { threads: 1, winograd: true, maxVram: 0, maxMemory: 0, gpuDuty: 1, cpuFallback: null };
    const { processor, engine } = await openStages({ ...choice, ...more }, SILENT_LOG);
    const options = toPageOptions(
      { format: "webp", quality: null, effort: 0, lossless: true, fit: null },
      "webp",
    );
    for (const { name, data } of pages) {
      const { page } = await processor.process({ data, options, priority: 1, signal: never });
      const kept = await pixelsOf(written.get(name.replace(".png", ".webp")) ?? Buffer.alloc(0));
      expect(kept, name).toEqual(await pixelsOf(page.data));
    }
    await engine.close();
  });
});

describe("upscale", () => {
  it("does the rest when a page is bad, says which one, and fails", async () => {
    await writePages(folder.at("in"), 2);
    await writeFile(folder.at("in", "bad.jpg"), "no picture");
    const ended = await runCli([
      "upscale",
      folder.at("in"),
      folder.at("none.jpg"),
      "-o",
      folder.at("out"),
      ...cpu,
    ]);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(/input_unreadable: cannot read .*none\.jpg/);
    expect(ended.stderr).toMatch(/unsupported_format: .*bad\.jpg/);
    expect(ended.stderr).toMatch(/\n2 upscaled, 2 failed\n$/);
    expect((await readdir(folder.at("out", "in"))).sort()).toEqual(["1.webp", "2.webp"]);
  });

  it("takes the flags of the ncnn programs", async () => {
    await writePages(folder.at("in"), 2);
    const flags = [
      "-i",
      folder.at("in"),
      "-o",
      folder.at("out"),
      "-s",
      "2",
      "-n",
      "bd2x-fast",
      "-t",
      "64,32",
    ];
    const ended = await runCli(["upscale", ...flags, "-g", "-1", "-j", "1:2,2:2", "-f", "jpg", "-x", "-v"]);
    expect(ended).toMatchObject({ code: 0 });
    expect(ended.stderr).toMatch(/^debug: /m);
    expect((await readdir(folder.at("out"))).sort()).toEqual(["1.jpg", "2.jpg"]);
    expect(await metadataOf(folder.at("out", "1.jpg"))).toMatchObject({ format: "jpeg", width: 32 });
  });

  it("makes pages three and four times as large in two passes, also averaged with -x", async () => {
    await writePages(folder.at("in"), 1);
    for (const [scale, more] of [
      ["3", []],
      ["4", ["-x"]],
    ] as const) {
      const args = ["upscale", folder.at("in/1.png"), "-o", folder.at(`${scale}.webp`), ...cpu, "-s", scale];
      expect(await runCli([...args, ...more])).toMatchObject({ code: 0, stderr: "" });
      expect(await metadataOf(folder.at(`${scale}.webp`))).toMatchObject({ width: 16 * Number(scale) });
    }
  });

  it("says an image differently with -x", async () => {
    await writePages(folder.at("in"), 1);
    const image = ["--lossless", "--effort", "0"];
    for (const [name, more] of [
      ["plain.webp", []],
      ["tta.webp", ["-x"]],
    ] as const) {
      const args = ["upscale", folder.at("in/1.png"), "-o", folder.at(name), ...cpu, ...image, ...more];
      expect(await runCli(args)).toMatchObject({ code: 0, stderr: "" });
    }
    const [plain, tta] = await Promise.all(
      ["plain.webp", "tta.webp"].map((name) => readFile(folder.at(name)).then(pixelsOf)),
    );
    expect(tta).toMatchObject({ width: plain?.width, height: plain?.height });
    expect(tta?.sha).not.toBe(plain?.sha);
  });

  it("lists what it would do on stdout, and does nothing", async () => {
    await writePages(folder.at("in"), 2);
    const args = ["upscale", folder.at("in"), "-o", `${folder.at("out")}/`, "--dry-run"];
    const { code, stdout } = await runCli(args);
    expect(code).toBe(0);
    expect(stdout.toString()).toBe(
      [1, 2]
        .map((page) => `upscale ${folder.at(`in/${page}.png`)} -> ${folder.at(`out/${page}.webp`)}\n`)
        .join(""),
    );
    expect(await readdir(folder.path)).toEqual(["in"]);
  });

  it("loads no model when everything is done already", async () => {
    await writePages(folder.at("in"), 1);
    const args = ["upscale", folder.at("in"), "-o", `${folder.at("out")}/`, "--skip-existing"];
    expect((await runCli([...args, ...cpu])).code).toBe(0);
    // A device that is not there is only noticed when it is used.
    expect(await runCli([...args, "-g", "200"])).toMatchObject({
      code: 0,
      stderr: "0 upscaled, 1 skipped\n",
    });
  });

  it.each([
    ["no input", ["-o", "x.webp"], 64, "expected an image"],
    ["several pages for one image", ["IN", "-o", "x.webp"], 1, "output_conflict"],
    ["jobs that are no counts", ["IN", "-o", "x/", "-j", "1:0:1"], 64, "1 to 256"],
    ["too few jobs", ["IN", "-o", "x/", "-j", "1:2"], 64, "LOAD:PROC:SAVE"],
    ["an output that cannot be made", ["IN", "-o", "/proc/x/"], 1, "output_unwritable"],
  ])("refuses %s", async (_, args, code, text) => {
    await writePages(folder.at("in"), 1);
    const given = args.map((argument) => (argument === "IN" ? folder.at("in") : argument));
    const ended = await runCli(["upscale", ...cpu, ...given]);
    expect(ended.stderr).toContain(text);
    expect(ended.code).toBe(code);
  });
});

describe("several devices", () => {
  const two = ["--gpu-id=-1,-1", "--threads", "2", "--lossless", "--effort", "0"];

  it.each([
    ["share the pages of a folder", []],
    ["pass -j and -x on to each", ["-x", "-j", "1:1:1"]],
  ])("%s", async (_, more) => {
    await writePages(folder.at("shared"), 6);
    const run = await runCli(["upscale", folder.at("shared"), "-o", folder.at("by two"), ...two, ...more]);
    expect(run).toMatchObject({ code: 0, stderr: "6 upscaled\n" });
    const one = ["-g", "-1", "--lossless", "--effort", "0"];
    await runCli(["upscale", folder.at("shared"), "-o", folder.at("by one"), ...one, ...more]);
    const names = await readdir(folder.at("by one"));
    expect(names).toHaveLength(6);
    expect(await readdir(folder.at("by two"))).toEqual(names);
    for (const name of names) {
      const [shared, alone] = await Promise.all(
        ["by two", "by one"].map(async (by) => pixelsOf(await readFile(folder.at(by, name)))),
      );
      expect(shared).toEqual(alone);
    }
  });
});
