import { mkdir, readdir, readlink, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { readPage } from "../commands/read-pages.js";
import { writeWhole } from "../files/write-whole.js";
import type { FilesRun, FilesSample } from "./files-bench.js";

/*
 * One run of `bench files`, in a process of its own since libuv looks at UV_USE_IO_URING once. Pages go through the
 * functions that the program reads and writes files with.
 */

const QUALITY = 90;

type Work = (data: Uint8Array) => Promise<Uint8Array>;

/** The CPU's part of a page beside a GPU that costs no time: decoding, doubling without a network, WebP at effort 0. */
async function upscaleWithoutNetwork(data: Uint8Array): Promise<Uint8Array> {
  // Imported where it is used: a run without codecs starts sooner.
  const { sharp } = await import("../stages/sharp.js");
  const { data: pixels, info } = await sharp(data).raw().toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  return sharp(pixels, { raw: { width, height, channels } })
    .resize(width * 2, height * 2, { kernel: "nearest" })
    .webp({ quality: QUALITY, effort: 0 })
    .toBuffer();
}

async function oneAfterAnother(files: readonly string[], output: string, work: Work): Promise<void> {
  for (const file of files) await writeWhole(join(output, basename(file)), await work(await readPage(file)));
}

/** Works on one page at a time, reads `ahead` files before it and has as many written behind it. */
async function aheadAndBehind(
  files: readonly string[],
  output: string,
  ahead: number,
  work: Work,
): Promise<void> {
  const reading: Promise<Uint8Array>[] = [];
  const writing = new Set<Promise<void>>();
  for (let next = 0, done = 0; done < files.length; done++) {
    for (; next < files.length && next <= done + ahead; next++) reading.push(readPage(files[next] as string));
    const result = await work(await (reading.shift() as Promise<Uint8Array>));
    const written = writeWhole(join(output, basename(files[done] as string)), result);
    writing.add(written);
    void written.then(() => writing.delete(written));
    while (writing.size > ahead) await Promise.race(writing);
  }
  await Promise.all(writing);
}

/** Whether libuv has set up a ring in this process. */
async function usesRing(): Promise<boolean> {
  const folder = "/proc/self/fd";
  const links = (await readdir(folder)).map((fd) => readlink(join(folder, fd)).catch(() => ""));
  return (await Promise.all(links)).some((link) => link.includes("io_uring"));
}

async function run({ folder, output, count, ahead, withCodecs }: FilesRun): Promise<FilesSample> {
  const names = (await readdir(folder)).sort().slice(0, count);
  const files = names.map((name) => join(folder, name));
  const work: Work = withCodecs ? upscaleWithoutNetwork : async (data) => data;
  // The first page of a process costs more than another.
  await work(await readPage(files.at(-1) as string));
  await mkdir(output);
  const cpu = process.cpuUsage();
  const started = performance.now();
  await (ahead === 0 ? oneAfterAnother(files, output, work) : aheadAndBehind(files, output, ahead, work));
  const ms = performance.now() - started;
  const { user, system } = process.cpuUsage(cpu);
  const sample = { ms, cpuMs: (user + system) / 1000, usesRing: await usesRing() };
  await rm(output, { recursive: true });
  return sample;
}

process.stdout.write(JSON.stringify(await run(JSON.parse(process.argv[2] ?? "") as FilesRun)));
