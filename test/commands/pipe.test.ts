import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { screentonePage } from "../support/pages.js";
import { CLI, collect, runCli } from "../support/worker.js";

const PIPE = ["pipe", "--gpu-id", "-1"];
const WIDTHS = [40, 30, 20, 50];

let folder: string;
let pages: Buffer[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bdreader-pipe-"));
  pages = await Promise.all(WIDTHS.map((width) => screentonePage(width, 24)));
});
afterAll(() => rm(folder, { recursive: true }));

/** @returns the images on a stream of WebP files, cut by the sizes that RIFF gives them (RFC 9649, section 2.4) */
function splitWebp(stream: Buffer): Buffer[] {
  const images: Buffer[] = [];
  for (let at = 0; at < stream.length; ) {
    const end = at + 8 + stream.readUInt32LE(at + 4);
    images.push(stream.subarray(at, end));
    at = end;
  }
  return images;
}

async function widthsOf(images: readonly (Buffer | string)[]): Promise<number[]> {
  return Promise.all(images.map(async (image) => (await sharp(image).metadata()).width));
}

describe("pipe with JPEG files one after another", () => {
  it("writes the results one after another in the order of the input", async () => {
    const { code, stdout, stderr } = await runCli(PIPE, Buffer.concat(pages));
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(await widthsOf(splitWebp(stdout))).toEqual(WIDTHS.map((width) => 2 * width));
  });

  it("writes the same pixels for a page in a stream as for the page alone", async () => {
    const lossless = [...PIPE, "--lossless", "--effort", "0"];
    const [alone, all] = await Promise.all([
      runCli(lossless, pages[1]),
      runCli(lossless, Buffer.concat(pages)),
    ]);
    expect(splitWebp(all.stdout)[1]?.equals(alone.stdout)).toBe(true);
  });

  it("writes numbered files, whole or not at all, and tells of pages that fail", async () => {
    const output = join(folder, "new", "folder");
    const cut = pages[1]?.subarray(0, -200) as Buffer;
    const last = pages[3]?.subarray(0, 300) as Buffer;
    const input = Buffer.concat([pages[0] as Buffer, cut, pages[2] as Buffer, last]);
    const { code, stdout, stderr } = await runCli([...PIPE, "--out-dir", output], input);
    expect({ code, bytes: stdout.length }).toEqual({ code: 1, bytes: 0 });
    expect((await readdir(output)).sort()).toEqual(["page-0001.webp", "page-0003.webp"]);
    expect(await widthsOf([join(output, "page-0001.webp"), join(output, "page-0003.webp")])).toEqual([
      80, 40,
    ]);
    const lines = stderr.trim().split("\n");
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/^error: decode_failed: expected .* page=2/);
    expect(lines[1]).toMatch(/^error: decode_failed: expected .* page=4/);
  });

  it("names files by their format", async () => {
    const output = join(folder, "formats");
    expect((await runCli([...PIPE, "--out-dir", output, "-f", "jpeg"], pages[0])).code).toBe(0);
    const png = await sharp(pages[0]).png().toBuffer();
    expect((await runCli([...PIPE, "--out-dir", output, "-f", "png"], png)).code).toBe(0);
    expect((await readdir(output)).sort()).toEqual(["page-0001.jpg", "page-0001.png"]);
  });

  it("says why when it cannot write", async () => {
    const file = join(folder, "file");
    await writeFile(file, "");
    const ended = await runCli([...PIPE, "--out-dir", join(file, "inside")], pages[0]);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(/^error: invalid_request: cannot make the folder .*EEXIST.*file'/);
  });

  it("ends quietly when nobody reads any more, though its input goes on", async () => {
    const child = spawn(process.execPath, [CLI, ...PIPE]);
    const ended = collect(child);
    child.stdin.on("error", () => undefined);
    child.stdin.write(Buffer.concat([...pages, ...pages]));
    child.stdout.once("data", () => child.stdout.destroy());
    expect(await ended).toMatchObject({ code: 0, signal: null, stderr: "" });
  });

  it("takes an input of gigabytes only as fast as pages are finished", async () => {
    const child = spawn(process.execPath, [CLI, ...PIPE], { stdio: ["pipe", "pipe", "pipe"] });
    const ended = collect(child);
    child.stdin.on("error", () => undefined);
    const stream = Buffer.concat(pages);
    let written = 0;
    const enough = new Promise<void>((resolve) => {
      child.stdout.on("data", () => written > 60 * stream.length && resolve());
    });
    // Nothing but back-pressure bounds what is written here.
    const feed = (): void => {
      if (!child.stdin.writable) return;
      written += stream.length;
      child.stdin.write(stream, feed);
    };
    feed();
    await enough;
    child.kill("SIGKILL");
    const { stdout } = await ended;
    const answered = stdout.toString("latin1").split("RIFF").length - 1;
    const given = (written / stream.length) * pages.length;
    const inBuffers = (4 * 65_536 * pages.length) / stream.length;
    expect(given - answered).toBeLessThan(inBuffers + 4 * availableParallelism() + 100);
  });

  it.each(["SIGINT", "SIGTERM"] as const)("ends by %s with whole files only", async (signal) => {
    const output = join(folder, signal);
    const child = spawn(process.execPath, [CLI, ...PIPE, "--out-dir", output, "--log-level", "info"]);
    const ended = collect(child);
    child.stdin.on("error", () => undefined);
    const feed = (): void => void (child.stdin.writable && child.stdin.write(Buffer.concat(pages), feed));
    feed();
    await new Promise<void>((resolve) => {
      child.stderr.on("data", (text: string) => text.includes("page=3") && resolve());
    });
    child.kill(signal);
    expect(await ended).toMatchObject({ code: null, signal });
    const files = await readdir(output);
    expect(files.length).toBeGreaterThanOrEqual(3);
    for (const file of files) {
      expect(file).toMatch(/^page-\d{4}\.webp$/);
      expect(splitWebp(await readFile(join(output, file)))).toHaveLength(1);
    }
  });

  it("refuses an unknown option before it makes a folder", async () => {
    const output = join(folder, "never");
    expect((await runCli([...PIPE, "--out-dir", output, "--quality", "0"], pages[0])).code).toBe(64);
    expect(existsSync(output)).toBe(false);
  });
});
