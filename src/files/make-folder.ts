import { mkdir } from "node:fs/promises";
import { messageOf, UpscalerError } from "../errors.js";

/** @throws {UpscalerError} invalid_request: no such folder, and none that can be made */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (cause) {
    const message = `cannot make the folder ${folder}: ${messageOf(cause)}`;
    throw new UpscalerError("invalid_request", message, { cause });
  }
}
