import { readdir, writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { makeFolder } from "../../src/files/make-folder.js";
import { temporaryFolder } from "../batch/temporary-folder.js";

const folder = temporaryFolder();

describe("makeFolder", () => {
  it("makes what is missing, also when two ask at once, and takes what is there", async () => {
    await Promise.all(["a/b/c", "a/b/c", "a/b", "a/d"].map((path) => makeFolder(folder.at(path))));
    await makeFolder(folder.path);
    expect((await readdir(folder.path, { recursive: true })).sort()).toEqual(["a", "a/b", "a/b/c", "a/d"]);
  });

  it("gives up where it cannot be", async () => {
    await writeFile(folder.at("file"), "");
    await expect(makeFolder(folder.at("file"))).rejects.toMatchObject({ code: "EEXIST" });
    await expect(makeFolder(folder.at("file/a/b"))).rejects.toMatchObject({ code: "EEXIST" });
    await expect(makeFolder("/proc/none/deep")).rejects.toMatchObject({ code: "ENOENT" });
  });
});
