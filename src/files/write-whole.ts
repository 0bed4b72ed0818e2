import { open, rename, rm } from "node:fs/promises";
import { messageOf, UpscalerError } from "../errors.js";

/**
 * Writes beside the target and renames, so that a reader never sees half an image under the final name.
 *
 * @throws {UpscalerError} encode_failed: it cannot be written; nothing of it is left then
 */
export async function writeWhole(path: string, data: Uint8Array): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const file = await open(temporary, "wx");
    try {
      await file.writeFile(data);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true });
    throw new UpscalerError("encode_failed", `cannot write ${path}: ${messageOf(cause)}`, { cause });
  }
}
