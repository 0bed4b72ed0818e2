/**
 * Every code that an `error` or `fatal` frame can carry. Codes are stable: clients branch on them, never on messages.
 */

/** Codes of `error` frames: they answer one request. The value says whether sending it again may help. */
export const REQUEST_ERROR_CODES = {
  invalid_request: { retryable: false },
  unknown_type: { retryable: false },
  unsupported_option: { retryable: false },
  unsupported_format: { retryable: false },
  decode_failed: { retryable: false },
  image_too_large: { retryable: false },
  output_too_large: { retryable: false },
  model_not_found: { retryable: false },
  encode_failed: { retryable: false },
  cancelled: { retryable: false },
  deadline_exceeded: { retryable: false },
  overloaded: { retryable: true },
  out_of_memory: { retryable: true },
  gpu_lost: { retryable: true },
  shutting_down: { retryable: true },
  internal: { retryable: true },
} as const;

/** Exit codes of the worker and of the command line. */
export const EXIT = {
  ok: 0,
  /** One or more inputs of a command could not be processed. */
  failure: 1,
  /** The command line was wrong. */
  usage: 64,
  /** No device, or none that could load the model. */
  noDevice: 69,
  /** A fault of the program itself. */
  internal: 70,
  /** The process can no longer work and should be replaced, for example after the GPU was lost. */
  replaceMe: 75,
  /** The peer broke the protocol. */
  protocol: 76,
} as const;

/** Exit codes of a command on files that a signal ended: 128 and its number, as shells have it. */
export const SIGNAL_EXIT = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/** Codes of `fatal` frames: the last frame before the process ends with `exitCode`. */
export const FATAL_ERROR_CODES = {
  unsupported_version: { exitCode: EXIT.protocol },
  handshake_required: { exitCode: EXIT.protocol },
  frame_empty: { exitCode: EXIT.protocol },
  frame_too_large: { exitCode: EXIT.protocol },
  frame_truncated: { exitCode: EXIT.protocol },
  malformed_message: { exitCode: EXIT.protocol },
  bad_envelope: { exitCode: EXIT.protocol },
  duplicate_id: { exitCode: EXIT.protocol },
  client_stalled: { exitCode: EXIT.protocol },
  gpu_init_failed: { exitCode: EXIT.noDevice },
  internal_fatal: { exitCode: EXIT.internal },
} as const;

export type RequestErrorCode = keyof typeof REQUEST_ERROR_CODES;
export type FatalErrorCode = keyof typeof FATAL_ERROR_CODES;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT] | (typeof SIGNAL_EXIT)[keyof typeof SIGNAL_EXIT];

/** @returns whether `code` may stand in an `error` frame */
export function isRequestErrorCode(code: string): code is RequestErrorCode {
  return Object.hasOwn(REQUEST_ERROR_CODES, code);
}
