import type { FatalErrorCode, RequestErrorCode } from "../protocol/error-codes.js";

/**
 * A failure with a stable code. The message says what was expected, what was received and what to do; `detail` carries
 * what only a developer needs (the text of a library's error, a native status).
 */
export class UpscalerError<Code extends string = RequestErrorCode> extends Error {
  readonly code: Code;
  readonly detail: string | undefined;

  constructor(code: Code, message: string, options: { detail?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "UpscalerError";
    this.code = code;
    this.detail = options.detail;
  }
}

/** A failure after which the process cannot go on: sync with the peer or the device itself is lost. */
export class FatalError extends UpscalerError<FatalErrorCode> {
  override readonly name = "FatalError";
  /** The request that the failure is about, where one is known. */
  readonly requestId: number | undefined;

  constructor(
    code: FatalErrorCode,
    message: string,
    options: { detail?: string; cause?: unknown; requestId?: number } = {},
  ) {
    super(code, message, options);
    this.requestId = options.requestId;
  }
}

/** @returns the text of anything that was thrown */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
