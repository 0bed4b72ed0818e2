import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CacheFolder, cacheRoot } from "../../src/engine/cache-folder.js";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "bdreader-cache-"));
});
afterEach(() => rm(root, { recursive: true }));

async function open(): Promise<CacheFolder> {
  const opened = await CacheFolder.open(root);
  if (opened.folder === null) throw new Error(opened.reason);
  return opened.folder;
}

const keyed = (number: number) => `${number.toString(16).padStart(64, "0")}.json`;

describe("cacheRoot", () => {
  it.each([
    [{ BDREADER_CACHE_DIR: "/mine", XDG_CACHE_HOME: "/caches" }, "/mine"],
    [{ XDG_CACHE_HOME: "/caches" }, "/caches/bdreader-ncnn-upscaler"],
    [{}, "/home/reader/.cache/bdreader-ncnn-upscaler"],
    [{ BDREADER_CACHE_DIR: "", XDG_CACHE_HOME: "" }, "/home/reader/.cache/bdreader-ncnn-upscaler"],
    [{ XDG_CACHE_HOME: "relative" }, "/home/reader/.cache/bdreader-ncnn-upscaler"],
  ])("of %j is %s", (environment, expected) => {
    expect(cacheRoot(environment, "/home/reader")).toBe(expected);
  });
});

describe("CacheFolder.open", () => {
  it("makes a folder that nobody else can read, and opens it again", async () => {
    root = join(root, "deep", "down");
    const { path } = await open();
    expect(path).toBe(join(root, "devices"));
    expect((await stat(path)).mode & 0o777).toBe(0o700);
    await open();
    root = join(root, "..", "..");
  });

  it("gives the reason where a file is in the way", async () => {
    await writeFile(join(root, "devices"), "");
    expect(await CacheFolder.open(root)).toMatchObject({
      folder: null,
      reason: expect.stringMatching(/devices/),
    });
  });

  it("gives the reason where nothing can be made", async () => {
    expect(await CacheFolder.open("/proc/none")).toMatchObject({
      folder: null,
      reason: expect.stringContaining("/proc/none"),
    });
  });

  it("refuses a folder that others can write to: drivers trust its pipelines", async () => {
    await mkdir(join(root, "devices"));
    await chmod(join(root, "devices"), 0o777);
    expect(await CacheFolder.open(root)).toMatchObject({
      folder: null,
      reason: expect.stringContaining("writable by its owner only"),
    });
  });
});

describe("a JSON file of the folder", () => {
  it("is read as it was written last, is private, and leaves nothing beside it", async () => {
    const folder = await open();
    await folder.replaceJson(keyed(1), { value: 1 });
    await folder.replaceJson(keyed(1), { value: [2] });
    expect(await folder.readJson(keyed(1))).toEqual({ value: [2] });
    expect(await readdir(folder.path)).toEqual([keyed(1)]);
    expect((await stat(folder.pathOf(keyed(1)))).mode & 0o777).toBe(0o600);
  });

  it("is whole, whichever of many writers was last", async () => {
    const folder = await open();
    const values = Array.from({ length: 20 }, (_, i) => ({ i, text: "x".repeat(1000 * i) }));
    await Promise.all(values.map((value) => folder.replaceJson(keyed(1), value)));
    expect(values).toContainEqual(await folder.readJson(keyed(1)));
    expect(await readdir(folder.path)).toEqual([keyed(1)]);
  });

  it.each([
    ["damaged", "{"],
    ["empty", ""],
    ["far too long", `"${"x".repeat(300 * 1024)}"`],
  ])("is null when it is %s", async (_, text) => {
    const folder = await open();
    await writeFile(folder.pathOf(keyed(1)), text);
    expect(await folder.readJson(keyed(1))).toBeNull();
  });

  it("is null when it is missing, a folder, or a link out of the folder", async () => {
    const folder = await open();
    expect(await folder.readJson(keyed(1))).toBeNull();
    await mkdir(folder.pathOf(keyed(2)));
    expect(await folder.readJson(keyed(2))).toBeNull();
    await writeFile(join(root, "elsewhere.json"), "{}");
    await symlink(join(root, "elsewhere.json"), folder.pathOf(keyed(3)));
    expect(await folder.readJson(keyed(3))).toBeNull();
  });

  it("keeps the old one and no temporary file when it cannot be replaced", async () => {
    const folder = await open();
    await mkdir(folder.pathOf(keyed(1)));
    await writeFile(join(folder.pathOf(keyed(1)), "kept"), "old");
    await expect(folder.replaceJson(keyed(1), {})).rejects.toThrow();
    expect(await readdir(folder.path)).toEqual([keyed(1)]);
    expect(await readFile(join(folder.pathOf(keyed(1)), "kept"), "utf8")).toBe("old");
  });
});

describe("the folder's bounds", () => {
  async function age(folder: CacheFolder, name: string, seconds: number): Promise<void> {
    const then = new Date(Date.now() - seconds * 1000);
    await utimes(folder.pathOf(name), then, then);
  }

  it("drops the oldest profiles beyond 64, with their pipelines, and spares those in use", async () => {
    const folder = await open();
    for (let i = 0; i < 65; i++) {
      const pipelines = keyed(i).replace(".json", "-fp32.pipelines");
      for (const name of [keyed(i), pipelines]) {
        await writeFile(folder.pathOf(name), "{}");
        await age(folder, name, 1000 - i);
      }
    }
    await folder.readJson(keyed(0));
    await folder.replaceJson(keyed(65), {});
    const names = await readdir(folder.path);
    const has = (i: number) => names.filter((name) => name.startsWith(keyed(i).slice(0, 64))).length;
    expect(names.filter((name) => name.endsWith(".json"))).toHaveLength(64);
    expect([has(0), has(1), has(2), has(3), has(64), has(65)]).toEqual([2, 0, 0, 2, 2, 1]);
  });

  it("clears away what a killed writer left, not what another one is writing, nor foreign files", async () => {
    const folder = await open();
    const [left, fresh] = [`${keyed(1)}.tmp-00ff`, `${keyed(2)}.tmp-00ff`];
    for (const name of [left, fresh, "README"]) await writeFile(folder.pathOf(name), "");
    await age(folder, left, 7200);
    await age(folder, "README", 7200);
    await folder.replaceJson(keyed(3), {});
    expect((await readdir(folder.path)).sort()).toEqual([fresh, keyed(3), "README"].sort());
  });
});
