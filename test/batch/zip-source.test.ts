import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { archiveSource } from "../../src/batch/archive-source.js";
import { foundFile, readArchive } from "./sources.js";
import { temporaryFolder } from "./temporary-folder.js";
import { type ZipEntry, zipBytes } from "./zip-bytes.js";

const folder = temporaryFolder();
const read = (entries: readonly ZipEntry[]) => readArchive(folder.at("book.cbz"), zipBytes(entries));
const text = (content: string): Buffer => Buffer.from(content, "latin1");

describe("a ZIP archive", () => {
  it("is read in the order of its directory, stored and deflated, without its folders", async () => {
    const { entries, failure } = await read([
      { name: "chapter/" },
      { name: "chapter/2.jpg", data: text("two"), method: 8 },
      { name: "1.jpg", data: text("one") },
      { name: "empty.txt" },
    ]);
    expect({ entries, failure }).toEqual({
      entries: [
        ["chapter/2.jpg", "two"],
        ["1.jpg", "one"],
        ["empty.txt", ""],
      ],
      failure: null,
    });
  });

  it("tells sizes, times, kinds and its own comment", async () => {
    await writeFile(
      folder.at("a.cbz"),
      zipBytes([{ name: "1.jpg", data: text("one") }, { name: "a.xml" }], "note"),
    );
    const open = await archiveSource(await foundFile(folder.at("a.cbz"))).open();
    const entries = [];
    for await (const entry of open.entries()) entries.push(entry);
    expect(entries).toMatchObject([
      { kind: "page", bytes: 3, modified: new Date(2020, 0, 2, 3, 4, 6), label: "a.cbz/1.jpg" },
      { kind: "other", bytes: 0 },
    ]);
    expect(Buffer.from(open.comment ?? []).toString()).toBe("note");
    await open.close();
  });

  it("refuses single entries that lead out of it or cannot be read, and gives the others", async () => {
    const { entries, failure } = await read([
      { name: "../outside.jpg", data: text("x") },
      { name: "/etc/cron.d/x.jpg", data: text("x") },
      { name: "C:\\x.jpg", data: text("x") },
      { name: "a\\..\\..\\x.jpg", data: text("x") },
      { name: "nul\0.jpg", data: text("x") },
      { name: "link.jpg", data: text("/etc/passwd"), mode: 0o120777 },
      { name: "secret.jpg", data: text("0123456789abcdef"), flags: 0x801, size: 4 },
      { name: "shrunk.jpg", data: text("x"), method: 6 },
      { name: "huge.jpg", data: text("x"), method: 8, size: 200 * 2 ** 20 },
      { name: "good.jpg", data: text("good") },
    ]);
    expect(failure).toBeNull();
    expect(entries).toEqual([
      ...Array.from({ length: 5 }, () => ["book.cbz", "name_unsafe"]),
      ["book.cbz/link.jpg", "name_unsafe"],
      ["book.cbz/secret.jpg", "archive_encrypted"],
      ["book.cbz/shrunk.jpg", "archive_unsupported"],
      ["book.cbz/huge.jpg", "entry_too_large"],
      ["good.jpg", "good"],
    ]);
  });

  it.each<[string, ZipEntry]>([
    ["a wrong checksum", { name: "1.jpg", data: text("one"), crc: 1 }],
    ["more bytes than it says", { name: "1.jpg", data: text("one".repeat(1000)), method: 8, size: 10 }],
    ["fewer bytes than it says", { name: "1.jpg", data: text("one"), method: 8, size: 4000 }],
    ["a place outside of the file", { name: "1.jpg", data: text("one"), offset: 0x7fffffff }],
  ])("tells of %s in an entry", async (_, entry) => {
    const { entries, failure } = await read([entry, { name: "2.jpg", data: text("two") }]);
    expect(failure).toBeNull();
    expect(entries).toEqual([
      ["1.jpg", "archive_damaged"],
      ["2.jpg", "two"],
    ]);
  });

  it("is refused whose entries share their bytes", async () => {
    const bomb = text("\0".repeat(100_000));
    const entries = Array.from({ length: 50 }, (_, index) => ({
      name: `${index}.jpg`,
      data: bomb,
      method: 8,
    }));
    const whole = zipBytes([entries[0] as ZipEntry]);
    const at = whole.readUInt32LE(whole.length - 6);
    const all = zipBytes(entries.map((entry) => ({ ...entry, offset: 0 })));
    const allAt = all.readUInt32LE(all.length - 6);
    const overlapping = Buffer.concat([whole.subarray(0, at), all.subarray(allAt)]);
    overlapping.writeUInt32LE(at, overlapping.length - 6);
    const { failure } = await readArchive(folder.at("bomb.cbz"), overlapping);
    expect(failure).toMatchObject({ code: "archive_too_large", message: expect.stringContaining("overlap") });
  });

  it("is refused when it would expand beyond what archives do", async () => {
    const packed = { data: text("\0".repeat(1000)), method: 8, size: 127 * 2 ** 20 };
    const { entries, failure } = await read(
      Array.from({ length: 12 }, (_, index) => ({ name: `${index}.jpg`, ...packed })),
    );
    expect(failure).toMatchObject({ code: "archive_too_large", message: expect.stringContaining("expand") });
    expect(entries.length).toBeLessThan(9);
  });

  it("reads names in CP437 and broken UTF-8 without leaving where it is", async () => {
    const { entries } = await read([
      { name: Buffer.from([0x84, 0x2e, 0x6a, 0x70, 0x67]), flags: 0, data: text("cp437") },
      { name: Buffer.from([0xff, 0xfe, 0x2e, 0x6a, 0x70, 0x67]), data: text("broken") },
    ]);
    expect(entries).toEqual([
      ["ä.jpg", "cp437"],
      ["\ufffd\ufffd.jpg", "broken"],
    ]);
  });

  it.each([
    ["nothing", "", "archive_unsupported"],
    ["text", "PK but no archive", "archive_unsupported"],
    ["an archive whose end is missing", "PK\x03\x04 and nothing that follows", "archive_damaged"],
  ])("is not taken for one when it is %s", async (_, content, code) => {
    expect((await readArchive(folder.at("x.cbz"), text(content))).failure).toMatchObject({ code });
  });

  it("that vanished is told as unreadable", async () => {
    await writeFile(folder.at("x.cbz"), zipBytes([]));
    const found = await foundFile(folder.at("x.cbz"));
    await expect(archiveSource({ ...found, path: folder.at("y.cbz") }).open()).rejects.toMatchObject({
      code: "input_unreadable",
    });
  });

  it("with 70,000 entries, as ZIP64 has them, is read", async () => {
    // Written by another program, where there is one: Python has one in its library.
    const script = `import zipfile
with zipfile.ZipFile("many.cbz", "w") as z:
    for n in range(70000): z.writestr(f"{n}.txt", b"")`;
    await promisify(execFile)("python3", ["-c", script], { cwd: folder.path });
    const open = await archiveSource(await foundFile(folder.at("many.cbz"))).open();
    let count = 0;
    for await (const entry of open.entries()) count += Number(entry.refused === null);
    await open.close();
    expect(count).toBe(70_000);
  });
});
