import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { basename } from "node:path";
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

/** @returns a name for a model that no manifest names */
export function modelNameOf({ paramPath }: ModelPaths): string {
  return basename(paramPath, ".param");
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
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes.subarray(0, bytesRead));
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
