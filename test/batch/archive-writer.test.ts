import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { ArchiveWriter } from "../../src/batch/archive-writer.js";
import { PLAIN_FILES } from "../../src/batch/batch-files.js";
import { readArchive } from "./sources.js";
import { temporaryFolder } from "./temporary-folder.js";

const folder = temporaryFolder();

/** What Python's library says of an archive: whether it is whole, and of each entry what it is. */
async function described(path: string): Promise<unknown> {
  const script = `import json, sys, zipfile
z = zipfile.ZipFile(sys.argv[1])
print(json.dumps([z.testzip(), z.comment.decode(), [[i.filename, i.compress_type, i.flag_bits & 9, i.date_time[0], z.read(i).decode()] for i in z.infolist()]]))`;
  return JSON.parse((await promisify(execFile)("python3", ["-c", script, path])).stdout);
}

describe("ArchiveWriter", () => {
  it("stores what is compressed already and deflates the rest, with names, times and the archive's note", async () => {
    const writer = await ArchiveWriter.create(await PLAIN_FILES.create(folder.at("a.cbz")));
    const modified = new Date(2020, 5, 5, 12);
    const text = "<xml/>".repeat(1000);
    await writer.add({ name: "第一話/1.webp", data: Buffer.from("one"), modified, isCompressed: true });
    await writer.add({ name: "ComicInfo.xml", data: Buffer.from(text), modified, isCompressed: false });
    await writer.add({ name: "empty.txt", data: new Uint8Array(0), modified, isCompressed: false });
    await writer.finish(null, Buffer.from("note"));
    const [stored, deflated] = [0, 8];
    expect(await described(folder.at("a.cbz"))).toEqual([
      null,
      "note",
      [
        // Neither encrypted nor with the size behind the content.
        ["第一話/1.webp", stored, 0, 2020, "one"],
        ["ComicInfo.xml", deflated, 0, 2020, text],
        ["empty.txt", expect.any(Number), 0, 2020, ""],
      ],
    ]);
    expect((await readFile(folder.at("a.cbz"))).length).toBeLessThan(1000);
  });

  it("takes times that ZIP does not have", async () => {
    const writer = await ArchiveWriter.create(await PLAIN_FILES.create(folder.at("a.cbz")));
    for (const [index, year] of [1900, 1975, 2500].entries()) {
      const modified = new Date(year, 0, 1);
      await writer.add({ name: `${index}.webp`, data: Buffer.from("x"), modified, isCompressed: true });
    }
    await writer.finish(null, null);
    const { entries, failure } = await readArchive(folder.at("a.cbz"));
    expect({ count: entries.length, failure }).toEqual({ count: 3, failure: null });
  });

  it("keeps nothing of what it has written", async () => {
    setFlagsFromString("--expose_gc");
    const collectGarbage = runInNewContext("gc") as () => void;
    let written = 0;
    const writer = await ArchiveWriter.create({
      write: async (data) => {
        written += data.length;
      },
      commit: async () => undefined,
      discard: async () => undefined,
    });
    const before = process.memoryUsage().arrayBuffers;
    for (let count = 0; count < 100; count++) {
      await writer.add({
        name: `${count}.webp`,
        data: Buffer.alloc(1e6, count),
        modified: null,
        isCompressed: true,
      });
    }
    expect(written).toBeGreaterThan(100e6);
    // Buffers are given back by a thread of the collector's, some time after a collection.
    const kept = () => {
      collectGarbage();
      return process.memoryUsage().arrayBuffers - before;
    };
    await expect.poll(kept, { timeout: 20_000 }).toBeLessThan(30e6);
    await writer.discard();
  });
});
