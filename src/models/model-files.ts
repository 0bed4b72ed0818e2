import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, readdir, stat } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { messageOf } from "../errors.js";
import { ModelError } from "./model-error.js";

/** The two files of one ncnn model. */
export interface ModelPaths {
  readonly paramPath: string;
  readonly binPath: string;
}

export interface FileDigest {
  readonly bytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

/** Larger than any published super-resolution network by far; bounds what hashing reads. */
const MAX_BIN_BYTES = 1024 * 1024 * 1024;

/**
 * @param path FILE.param, FILE.bin, FILE without its ending, or a folder with exactly one model
 * @throws {ModelError} nothing there, half of a model, or more than one
 */
export async function locateModelFiles(path: string): Promise<ModelPaths> {
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  const stem = isFolder ? join(path, await onlyModelIn(path)) : withoutEnding(path);
  const paths = { paramPath: `${stem}.param`, binPath: `${stem}.bin` };
  for (const file of [paths.paramPath, paths.binPath]) await expectFile(file);
  return paths;
}

/** @returns a name for a model that no manifest names */
export function modelNameOf({ paramPath }: ModelPaths): string {
  return basename(paramPath, ".param");
}

async function onlyModelIn(folder: string): Promise<string> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".param")).sort();
  const [name, ...others] = names;
  if (name === undefined) throw new ModelError(`expected a .param file in ${folder}, received none`);
  if (others.length > 0) {
    throw new ModelError(
      `expected one .param file in ${folder}, received ${names.length}: name one of ${names.slice(0, 12).join(", ")}`,
    );
  }
  return basename(name, ".param");
}

function withoutEnding(path: string): string {
  const ending = extname(path);
  return ending === ".param" || ending === ".bin" ? join(dirname(path), basename(path, ending)) : path;
}

async function expectFile(path: string): Promise<void> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new ModelError(`expected a model file at ${path}: ${messageOf(cause)}`, { cause });
  });
  if (!found.isFile()) throw new ModelError(`expected ${path} to be a regular file`);
}

/**
 * @throws {ModelError} unreadable, larger than `maxBytes`, or not UTF-8
 */
export async function readTextFile(path: string, maxBytes: number): Promise<string> {
  try {
    await using file = await open(path);
    const { size } = await file.stat();
    if (size > maxBytes)
      throw new ModelError(`expected ${path} to have at most ${maxBytes} bytes, received ${size}`);
    const bytes = new Uint8Array(size);
    const { bytesRead } = await file.read(bytes, 0, size, 0);
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(0, bytesRead));
  } catch (cause) {
    if (cause instanceof ModelError) throw cause;
    throw new ModelError(`cannot read ${path} as text: ${messageOf(cause)}`, { cause });
  }
}

/**
 * @throws {ModelError} unreadable or absurdly large
 */
export async function digestFile(path: string): Promise<FileDigest> {
  const hash = createHash("sha256");
  let bytes = 0;
  try {
    for await (const chunk of createReadStream(path)) {
      bytes += (chunk as Buffer).length;
      if (bytes > MAX_BIN_BYTES)
        throw new ModelError(`expected ${path} to have at most ${MAX_BIN_BYTES} bytes`);
      hash.update(chunk as Buffer);
    }
  } catch (cause) {
    if (cause instanceof ModelError) throw cause;
    throw new ModelError(`cannot read ${path}: ${messageOf(cause)}`, { cause });
  }
  return { bytes, sha256: hash.digest("hex") };
}

/** @returns one digest for a model, hexadecimal; it changes when either file does */
export function modelDigest(param: FileDigest, bin: FileDigest): string {
  return createHash("sha256").update(`param ${param.sha256}\nbin ${bin.sha256}\n`).digest("hex");
}
