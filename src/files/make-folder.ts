import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { messageOf, UpscalerError } from "../errors.js";

/**
 * Makes a folder and those above it where they are not there. Unlike `mkdir` with `recursive`, which tries for ever
 * where a folder says that it does not exist itself (/proc), it gives up.
 *
 * @throws the system's error
 */
export async function makeFolder(path: string): Promise<void> {
  if (await isFolder(path)) return;
  if (dirname(path) !== path) await makeFolder(dirname(path));
  try {
    await mkdir(path);
  } catch (thrown) {
    // Another one may have made it meanwhile.
    if (!(await isFolder(path))) throw thrown;
  }
}

/** @returns whether there is a folder, also through a link */
export async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/**
 * Makes the folder that a command was told to write to.
 *
 * @throws {UpscalerError} invalid_request: no such folder, and none that can be made
 */
export async function makeOutputFolder(path: string): Promise<void> {
  try {
    await makeFolder(path);
  } catch (cause) {
    const message = `cannot make the folder ${path}: ${messageOf(cause)}`;
    throw new UpscalerError("invalid_request", message, { cause });
  }
}
