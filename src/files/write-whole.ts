import { messageOf, UpscalerError } from "../errors.js";
import { WholeFile } from "./whole-file.js";

/**
 * Writes beside the target and renames, so that a reader never sees half an image under the final name.
 *
 * @throws {UpscalerError} encode_failed: it cannot be written; nothing of it is left then
 */
export async function writeWhole(path: string, data: Uint8Array): Promise<void> {
  try {
    const file = await WholeFile.create(path);
    try {
      await file.write(data);
    } catch (cause) {
      await file.discard();
      throw cause;
    }
    await file.commit();
  } catch (cause) {
    throw new UpscalerError("encode_failed", `cannot write ${path}: ${messageOf(cause)}`, { cause });
  }
}
