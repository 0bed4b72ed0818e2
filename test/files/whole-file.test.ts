import { mkdir, readdir, readFile, stat, utimes, writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { removeLeftovers, removeUnfinished, WholeFile } from "../../src/files/whole-file.js";
import { writeWhole } from "../../src/files/write-whole.js";
import { temporaryFolder } from "../batch/temporary-folder.js";

const folder = temporaryFolder();

describe("WholeFile", () => {
  it("shows nothing under its name until it is whole, then all of it, with its time", async () => {
    const path = folder.at("page.webp");
    await writeFile(path, "before");
    const file = await WholeFile.create(path);
    await file.write(Buffer.from("af"));
    await file.write(Buffer.from("ter"));
    expect(await readFile(path, "utf8")).toBe("before");
    await file.commit(new Date(1_600_000_000_000));
    expect(await readFile(path, "utf8")).toBe("after");
    expect((await stat(path)).mtimeMs).toBe(1_600_000_000_000);
    expect(await readdir(folder.path)).toEqual(["page.webp"]);
  });

  it("leaves nothing behind when it is given up, or cannot be put in its place", async () => {
    const given = await WholeFile.create(folder.at("a"));
    await given.write(Buffer.from("x"));
    await given.discard();
    await given.discard();
    await mkdir(folder.at("b", "full"), { recursive: true });
    const blocked = await WholeFile.create(folder.at("b"));
    await expect(blocked.commit()).rejects.toMatchObject({ syscall: "rename" });
    expect(await readdir(folder.path)).toEqual(["b"]);
  });

  it("is removed with all others that are unfinished when the process ends at once", async () => {
    const [first, second] = [await WholeFile.create(folder.at("a")), await WholeFile.create(folder.at("b"))];
    await first.commit();
    await second.write(Buffer.from("x"));
    removeUnfinished();
    expect(await readdir(folder.path)).toEqual(["a"]);
    await second.discard();
  });

  it("has a name that fits beside the longest one", async () => {
    const file = await WholeFile.create(folder.at(`${"x".repeat(250)}.webp`));
    await file.commit();
    expect(await readdir(folder.path)).toHaveLength(1);
  });
});

describe("removeLeftovers", () => {
  /** As a process of this machine would have called it. */
  async function leftover(pid: number, run: string): Promise<string> {
    const file = await WholeFile.create(folder.at("x"));
    const [name = ""] = await readdir(folder.path);
    await file.discard();
    const renamed = name.replace(/-\d+-[0-9a-f]{8}-\d+\.tmp$/, `-${pid}-${run}-0.tmp`);
    await writeFile(folder.at(renamed), "half");
    return renamed;
  }

  it("removes what processes that are gone left, and nothing else", async () => {
    const gone = await leftover(1234, "0123abcd");
    const running = await leftover(5678, "0123abcd");
    // In a container every process has the same number.
    await leftover(process.pid, "0123abcd");
    const others = ["page.webp", "page.tmp", ".bdreader-notes.tmp", `${gone}.txt`];
    for (const name of others) await writeFile(folder.at(name), "");
    const own = await WholeFile.create(folder.at("own"));
    expect(await removeLeftovers(folder.path, (pid) => pid === 5678)).toBe(2);
    await own.commit();
    expect((await readdir(folder.path)).sort()).toEqual([...others, running, "own"].sort());
  });

  it("leaves another machine's alone until it is a day old", async () => {
    const foreign = (await leftover(1234, "0123abcd")).replace(
      /^\.bdreader-[0-9a-f]{8}/,
      ".bdreader-00000000",
    );
    await writeFile(folder.at(foreign), "half");
    expect(await removeLeftovers(folder.path, () => false)).toBe(1);
    const before = new Date(Date.now() - 25 * 3600 * 1000);
    await utimes(folder.at(foreign), before, before);
    expect(await removeLeftovers(folder.path, () => false)).toBe(1);
    expect(await readdir(folder.path)).toEqual([]);
  });
});

describe("writeWhole", () => {
  it("tells what cannot be written, and leaves nothing", async () => {
    await mkdir(folder.at("page.webp", "full"), { recursive: true });
    await expect(writeWhole(folder.at("page.webp"), Buffer.from("x"))).rejects.toMatchObject({
      code: "encode_failed",
      message: expect.stringContaining("cannot write"),
    });
    await expect(writeWhole(folder.at("none", "page.webp"), Buffer.from("x"))).rejects.toMatchObject({
      code: "encode_failed",
    });
    expect(await readdir(folder.path)).toEqual(["page.webp"]);
  });
});
