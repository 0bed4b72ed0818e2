import { mkdir, utimes, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { contentDigest, digest, filesBelow, stateDigest } from "../../scripts/setup/fingerprint.mjs";
import { temporaryFolder } from "./fixtures/temporary-folder.js";

describe("fingerprints", () => {
  it("tell where one value ends and the next begins", () => {
    expect(digest(["ab", "c"])).not.toBe(digest(["a", "bc"]));
    expect(digest(["a", "b"])).not.toBe(digest(["b", "a"]));
  });

  it("of contents change with a file's text, name and existence", async () => {
    const folder = await temporaryFolder();
    const [one, two] = [path.join(folder, "one"), path.join(folder, "two")];
    const absent = await contentDigest([one]);
    await writeFile(one, "");
    const empty = await contentDigest([one]);
    await Promise.all([writeFile(one, "text"), writeFile(two, "text")]);
    const digests = [absent, empty, await contentDigest([one]), await contentDigest([two])];
    expect(new Set(digests).size).toBe(4);
  });

  it("of states change with a file's time, and are null for an absent file or none", async () => {
    const file = path.join(await temporaryFolder(), "file");
    expect(await stateDigest([file])).toBeNull();
    expect(await stateDigest([])).toBeNull();
    await writeFile(file, "text");
    const before = await stateDigest([file]);
    expect(await stateDigest([file])).toBe(before);
    await utimes(file, 1, 1);
    expect(await stateDigest([file])).not.toBe(before);
  });

  it("list the files of all levels in one order, and none of an absent folder", async () => {
    const folder = await temporaryFolder();
    await mkdir(path.join(folder, "a/b"), { recursive: true });
    for (const name of ["z.cc", "a/b/deep.h", "a/readme"]) await writeFile(path.join(folder, name), "");
    expect(await filesBelow(folder, /\.(cc|h)$/)).toEqual(
      ["a/b/deep.h", "z.cc"].map((name) => path.join(folder, name)),
    );
    expect(await filesBelow(path.join(folder, "absent"))).toEqual([]);
  });
});
