import { readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { archiveSource } from "../../src/batch/archive-source.js";
import { MAX_ARCHIVE_IN_MEMORY } from "../../src/batch/batch-limits.js";
import { foundFile, readArchive } from "./sources.js";
import { temporaryFolder } from "./temporary-folder.js";
import { rarBytes } from "./zip-bytes.js";

const folder = temporaryFolder();
const fixture = (name: string): string => join(import.meta.dirname, "fixtures", name);
const files = ["1.jpg", "chapter/2.jpg", "ComicInfo.xml"].map((name) => ({
  name,
  data: Buffer.from(`content of ${name} `.repeat(100)),
}));

describe("a 7z archive", () => {
  it("is read, compressed as one piece", async () => {
    const { entries, failure } = await readArchive(fixture("solid.7z"));
    expect(failure).toBeNull();
    expect(entries.map(([name]) => name).sort()).toEqual(["1.jpg", "10.jpg", "2.jpg", "ComicInfo.xml"]);
    for (const [name, content] of entries) {
      expect(content.startsWith(name.endsWith("jpg") ? "\xff\xd8\xff" : "<ComicInfo/>")).toBe(true);
    }
  });

  it("that is encrypted is refused, as a whole or by its entries", async () => {
    const directory = await readArchive(fixture("encrypted-directory.7z"));
    expect(directory).toMatchObject({ entries: [], failure: { code: "archive_encrypted" } });
    const { entries, failure } = await readArchive(fixture("encrypted-entry.7z"));
    expect({ entries, failure }).toEqual({
      entries: [["encrypted-entry.7z/1.jpg", "archive_encrypted"]],
      failure: null,
    });
  });

  it("that is cut off is damaged, not empty", async () => {
    const whole = await readFile(fixture("solid.7z"));
    for (const length of [40, 200, whole.length - 1]) {
      const { failure } = await readArchive(folder.at("x.cb7"), whole.subarray(0, length));
      expect(failure).toMatchObject({ code: "archive_damaged" });
    }
  });

  it("with a changed byte in its content is damaged", async () => {
    const changed = Buffer.from(await readFile(fixture("solid.7z")));
    changed.writeUInt8(changed.readUInt8(60) ^ 0xff, 60);
    const { entries, failure } = await readArchive(folder.at("x.cb7"), changed);
    expect(failure !== null || entries.some(([, content]) => content === "archive_damaged")).toBe(true);
  });
});

describe("a RAR archive", () => {
  it("is read in its order, whatever its name says", async () => {
    const { entries, failure } = await readArchive(folder.at("really-rar.cbz"), rarBytes(files));
    expect(failure).toBeNull();
    expect(entries).toEqual(files.map(({ name, data }) => [name, data.toString()]));
  });

  it("refuses entries that lead out of it", async () => {
    const { entries } = await readArchive(
      folder.at("x.cbr"),
      rarBytes([{ name: "../../x.jpg", data: Buffer.from("x") }, ...files]),
    );
    expect(entries[0]).toEqual(["x.cbr", "name_unsafe"]);
    expect(entries).toHaveLength(4);
  });

  it("that is cut off in an entry is damaged there", async () => {
    const whole = rarBytes(files);
    const { entries, failure } = await readArchive(folder.at("x.cbr"), whole.subarray(0, whole.length - 800));
    expect(failure !== null || entries.at(-1)?.[1] === "archive_damaged").toBe(true);
  });

  it("that cannot be held in memory is refused before it is read", async () => {
    await writeFile(folder.at("x.cbr"), rarBytes(files));
    await truncate(folder.at("x.cbr"), MAX_ARCHIVE_IN_MEMORY + 1);
    await expect(archiveSource(await foundFile(folder.at("x.cbr"))).open()).rejects.toMatchObject({
      code: "archive_too_large",
    });
  });

  it("can be closed before it was read", async () => {
    await writeFile(folder.at("x.cbr"), rarBytes(files));
    const open = await archiveSource(await foundFile(folder.at("x.cbr"))).open();
    for await (const entry of open.entries()) {
      expect(entry.label).toBe("x.cbr/1.jpg");
      break;
    }
    await open.close();
  });
});
