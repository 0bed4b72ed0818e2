import { messageOf, UpscalerError } from "../errors.js";

const DOING = { decode_failed: "decode", encode_failed: "encode", internal: "shrink" } as const;

/**
 * @param code what the failure is unless memory ran out
 * @param message for the client; the codec's own words go into `detail`
 */
export function codecFailure(code: keyof typeof DOING, message: string, cause: unknown): UpscalerError {
  const detail = messageOf(cause);
  if (/out of memory|(?:unable to|cannot|failed to) allocate/i.test(detail)) {
    return new UpscalerError("out_of_memory", `not enough memory to ${DOING[code]} the image`, {
      detail,
      cause,
    });
  }
  return new UpscalerError(code, message, { detail, cause });
}
