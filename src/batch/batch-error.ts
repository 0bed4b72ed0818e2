import { messageOf, UpscalerError } from "../errors.js";

/** What can go wrong with files and archives, beside what can go wrong with a page. Stable: programs branch on them. */
export type BatchErrorCode =
  /** Not there, vanished, not permitted, or not a regular file. */
  | "input_unreadable"
  /** A name that leads out of where it is meant to stay. */
  | "name_unsafe"
  | "archive_damaged"
  | "archive_encrypted"
  /** More entries, bytes or compression than an honest archive has. */
  | "archive_too_large"
  /** A kind of archive or of compression that cannot be read. */
  | "archive_unsupported"
  | "entry_too_large"
  /** The output would be an input, or two outputs the same file. */
  | "output_conflict"
  | "output_unwritable"
  /** No room is left; nothing more can be written. */
  | "output_full";

/** A failure of one file, entry or archive. */
export class BatchError extends UpscalerError<BatchErrorCode> {
  override readonly name = "BatchError";
}

const NO_ROOM: ReadonlySet<string> = new Set(["ENOSPC", "EDQUOT"]);

/** @returns a system's error while writing, as one of this program */
export function writeFailure(path: string, cause: unknown): BatchError {
  if (cause instanceof BatchError) return cause;
  const isFull = NO_ROOM.has((cause as NodeJS.ErrnoException).code ?? "");
  return new BatchError(
    isFull ? "output_full" : "output_unwritable",
    `cannot write ${path}: ${messageOf(cause)}`,
    { cause },
  );
}

/** @returns a system's error while reading, as one of this program */
export function readFailure(path: string, cause: unknown): BatchError {
  if (cause instanceof BatchError) return cause;
  return new BatchError("input_unreadable", `cannot read ${path}: ${messageOf(cause)}`, { cause });
}
