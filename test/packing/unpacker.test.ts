import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { WorkerMessage } from "../../protocol/messages.js";
import { createLog } from "../../src/log.js";
import { PageFiles } from "../../src/packing/page-files.js";
import { Unpacker } from "../../src/packing/unpacker.js";
import { rawFrame } from "../wire/raw-frame.js";
import { BYE, failure, frames, HELLO, result, strip } from "./worker-talk.js";

let outside: string;
let folder: string;
let logged: string[];

beforeEach(async () => {
  outside = await mkdtemp(join(tmpdir(), "bdreader-unpack-"));
  folder = join(outside, "out");
  await mkdir(folder);
  logged = [];
});
afterEach(() => rm(outside, { recursive: true }));

/** Unpacks a stream that comes in chunks of `chunkBytes`. */
async function unpack(stream: Uint8Array, chunkBytes = 1000): Promise<number> {
  const files = new PageFiles(folder);
  const log = createLog((line) => logged.push(line), { least: "warn" });
  const chunks = (async function* () {
    for (let at = 0; at < stream.length; at += chunkBytes) yield stream.subarray(at, at + chunkBytes);
  })();
  try {
    return await new Unpacker(files, log).run(chunks);
  } finally {
    await files.close();
  }
}

const unpackAll = (...messages: readonly WorkerMessage[]) => unpack(frames(...messages));

async function contents(): Promise<Record<string, string>> {
  const names = (await readdir(folder)).sort();
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), "utf8")));
  return Object.fromEntries(names.map((name, index) => [name, texts[index] as string]));
}

describe("Unpacker", () => {
  it("writes pages under their labels, or their numbers where a worker gives none back", async () => {
    const stream = frames(
      HELLO,
      result(2, "two"),
      result(1),
      { t: "pong", nonce: 1, queued: 0, running: 0 },
      BYE,
    );
    for (const chunkBytes of [1, 7, 100_000]) {
      expect(await unpack(stream, chunkBytes)).toBe(0);
      expect(await contents()).toEqual({ "page-0001.webp": "page 1", "two.webp": "page 2" });
    }
    expect(logged).toEqual([]);
  });

  it("writes strips into files, those of two pages mixed", async () => {
    const code = await unpackAll(
      ...[HELLO, strip(1, 0, 2, "a"), strip(2, 0, 1), strip(1, 1, 2, "a"), result(2, undefined, null)],
      ...[result(1, "a", null), BYE],
    );
    expect(code).toBe(0);
    expect(await contents()).toEqual({
      "a-strip-000.webp": "strip 0",
      "a-strip-001.webp": "strip 1",
      "page-0002-strip-000.webp": "strip 0",
    });
  });

  it("tells of pages that failed, and removes the strips that they had", async () => {
    const code = await unpackAll(
      ...[HELLO, strip(1, 0, 2, "a"), failure(1, "gone_wrong", "a"), failure(2), result(3), BYE],
    );
    expect(code).toBe(1);
    expect(await contents()).toEqual({ "page-0003.webp": "page 3" });
    expect(logged).toEqual(['error: gone_wrong: bad ?[2J page="a"', "error: decode_failed: bad ?[2J page=2"]);
  });

  it.each([
    ["gpu_init_failed", 69],
    ["client_stalled", 76],
    ["not_invented_yet", 70],
  ])("ends with the code that fatal %s stands for, and keeps whole pages only", async (code, exitCode) => {
    const fatal: WorkerMessage = { t: "fatal", code, message: "why" };
    expect(await unpackAll(HELLO, result(1), strip(2, 0, 2), fatal)).toBe(exitCode);
    expect(await contents()).toEqual({ "page-0001.webp": "page 1" });
    expect(logged).toEqual([`error: ${code}: why`]);
  });

  it("ends with 75 when the device was lost, and with 1 when a signal ended the worker", async () => {
    const lost = failure(1, "gpu_lost");
    expect(await unpackAll(HELLO, lost, { t: "goaway", reason: "gpu_lost" }, BYE)).toBe(75);
    expect(
      await unpackAll(HELLO, { t: "goaway", reason: "terminated" }, failure(1, "shutting_down"), BYE),
    ).toBe(1);
  });

  it.each<[string, WorkerMessage[], RegExp]>([
    ["no hello", [BYE, HELLO], /^expected hello as the first message/],
    ["hello twice", [HELLO, HELLO], /^expected hello once/],
    [
      "another version",
      [{ ...HELLO, proto: [2] } as WorkerMessage],
      /^expected a worker that speaks version 1/,
    ],
    ["two answers to a page", [HELLO, result(1), result(1)], /^expected one answer to id 1/],
    ["an error after a result", [HELLO, result(1), failure(1)], /^expected one answer to id 1/],
    ["a strip after the answer", [HELLO, failure(1), strip(1, 0, 1)], /^expected one answer to id 1/],
    ["a strip out of order", [HELLO, strip(1, 1, 2)], /^expected strip 0 of 2 of id 1, received 1/],
    ["a strip twice", [HELLO, strip(1, 0, 2), strip(1, 0, 2)], /^expected strip 1 of 2/],
    ["a strip too many", [HELLO, strip(1, 0, 1), strip(1, 1, 1)], /^expected strip 1 of 1/],
    ["another count", [HELLO, strip(1, 0, 2), strip(1, 1, 3)], /^expected 2 strips of id 1, received 3/],
    ["a result before its strips", [HELLO, strip(1, 0, 2), result(1, "a", null)], /1 of 2 strips$/],
    ["an image beside strips", [HELLO, strip(1, 0, 1), result(1)], /received both$/],
    ["a result without an image", [HELLO, result(1, "a", null)], /received neither$/],
    ["something after bye", [HELLO, BYE, result(1)], /^expected nothing after bye, received result/],
    ["no end", [HELLO, result(7)], /^expected a whole conversation up to bye or fatal/],
    ["nothing", [], /^expected a whole conversation/],
  ])("refuses %s, and keeps whole pages only", async (_, messages, text) => {
    await expect(unpack(frames(...messages))).rejects.toThrow(text);
    for (const name of Object.keys(await contents())) expect(name).toMatch(/^page-000[17]\.webp$/);
  });

  it.each<[string, Buffer, string]>([
    ["text", Buffer.from("Killed\n"), "frame_too_large"],
    ["a huge length", Buffer.from([0x08, 0, 0, 1, 0]), "frame_too_large"],
    ["an empty frame", Buffer.alloc(4), "frame_empty"],
    ["half a frame", Buffer.from([0, 0, 0, 9, 1]), "frame_truncated"],
    ["a body that is no map", rawFrame(Buffer.from([1])), "malformed_message"],
    ["a message without a type", rawFrame(Buffer.from([0x80])), "bad_envelope"],
  ])("refuses %s with a code, and keeps the pages before it", async (_, garbage, code) => {
    const stream = Buffer.concat([frames(HELLO, result(1)), garbage]);
    await expect(unpack(stream, 100_000)).rejects.toMatchObject({ code });
    expect(await contents()).toEqual({ "page-0001.webp": "page 1" });
  });

  it.each(["../escaped", "/tmp/escaped", "a/b", "", "nul\0", "x".repeat(240)])(
    "writes nothing for the label %j, and the other pages",
    async (label) => {
      const code = await unpackAll(
        ...[
          HELLO,
          result(1, label),
          strip(2, 0, 2, label),
          strip(2, 1, 2, label),
          result(2, label, null),
          result(3),
        ],
        ...[strip(4, 0, 2, label), failure(4, "internal", label), BYE],
      );
      expect(code).toBe(1);
      expect(await contents()).toEqual({ "page-0003.webp": "page 3" });
      expect(await readdir(outside)).toEqual(["out"]);
      expect(logged).toHaveLength(3);
      expect(logged[0]).toMatch(/^error: invalid_request: expected 1 to 200 bytes/);
    },
  );

  it("keeps the first of two pages with one name", async () => {
    const code = await unpackAll(
      HELLO,
      result(1, "a"),
      result(2, "a"),
      result(3, "page-0004"),
      result(4),
      BYE,
    );
    expect(code).toBe(1);
    expect(await contents()).toEqual({ "a.webp": "page 1", "page-0004.webp": "page 3" });
    expect(logged[0]).toMatch(/received one that ends in a\.webp, which page 1 has/);
  });

  it("replaces a link instead of following it", async () => {
    const precious = join(outside, "precious");
    await writeFile(precious, "precious");
    await symlink(precious, join(folder, "a.webp"));
    expect(await unpackAll(HELLO, result(1, "a"), BYE)).toBe(0);
    expect(await readFile(precious, "utf8")).toBe("precious");
    expect(await contents()).toEqual({ "a.webp": "page 1" });
  });

  it("ends when a file cannot be written, and leaves no strip of the page behind", async () => {
    await mkdir(join(folder, "a-strip-001.webp"));
    const stream = frames(HELLO, strip(1, 0, 2, "a"), strip(1, 1, 2, "a"), result(1, "a", null), BYE);
    await expect(unpack(stream)).rejects.toMatchObject({ code: "encode_failed" });
    expect(await readdir(folder)).toEqual(["a-strip-001.webp"]);
  });
});
