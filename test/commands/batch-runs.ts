import { spawn } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp, { type Metadata } from "sharp";
import { archiveSource } from "../../src/batch/archive-source.js";
import { foundFile } from "../batch/sources.js";
import { zipBytes } from "../batch/zip-bytes.js";
import { seededRandom } from "../support/images.js";
import { CLI, collect, type Ended } from "../support/worker.js";

/** The CPU, so that every machine has it, and one thread, since pages are tiny. */
export const cpu: readonly string[] = ["-g", "-1", "--threads", "1"];

/** Small, and different from all others. */
export function tinyPage(seed: number): Promise<Buffer> {
  const random = seededRandom(seed);
  const [width, height] = [16 + (seed % 9), 12 + (seed % 7)];
  const data = Buffer.from(Array.from({ length: width * height * 3 }, () => Math.floor(random() * 256)));
  return sharp(data, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
}

/** @returns the names of the pages that were put into the folder */
export async function writePages(folder: string, count: number): Promise<readonly string[]> {
  await mkdir(folder, { recursive: true });
  const names = Array.from({ length: count }, (_, index) => `${index + 1}.png`);
  for (const [index, name] of names.entries()) await writeFile(join(folder, name), await tinyPage(index));
  return names;
}

export async function writeBook(path: string, count: number): Promise<string> {
  const pages = Array.from({ length: count }, async (_, index) => ({
    name: `${index}.png`,
    data: await tinyPage(index),
  }));
  await writeFile(path, zipBytes(await Promise.all(pages)));
  return path;
}

/** @returns the content of every entry by its name, in their order */
export async function readAll(path: string): Promise<Map<string, Uint8Array>> {
  const open = await archiveSource(await foundFile(path)).open();
  const read = new Map<string, Uint8Array>();
  for await (const entry of open.entries()) {
    if (entry.refused !== null) throw entry.refused;
    read.set(entry.path, await entry.read());
  }
  await open.close();
  return read;
}

export async function pixelsOf(image: Uint8Array): Promise<{ width: number; height: number; sha: string }> {
  const { data, info } = await sharp(image).raw().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, sha: data.toString("base64") };
}

/** By its content: files that the decoders open themselves are blocked once stages were opened. */
export async function metadataOf(path: string): Promise<Metadata> {
  return sharp(await readFile(path)).metadata();
}

export interface WatchedRun {
  readonly ended: Promise<Ended>;
  /** Waits for the n-th line with this event. */
  nth(event: string, count: number): Promise<void>;
  kill(signal: NodeJS.Signals): void;
}

/** A run that is watched by its JSON lines. */
export function watch(args: readonly string[]): WatchedRun {
  const child = spawn(process.execPath, [CLI, "upscale", "--json", ...cpu, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = collect(child);
  let text = "";
  return {
    ended,
    kill: (signal) => void child.kill(signal),
    nth: (event, count) =>
      new Promise((resolve, reject) => {
        child.stdout.on("data", (chunk: Buffer) => {
          text += chunk.toString();
          if (text.split(`{"event":"${event}"`).length > count) resolve();
        });
        void ended.then(({ stderr }) => reject(new Error(`ended before ${event}: ${stderr}`)));
      }),
  };
}

export function jsonOf({ stdout }: Ended): readonly { readonly [name: string]: unknown }[] {
  return stdout
    .toString()
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}
