import { messageOf, UpscalerError } from "../errors.js";

/**
 * @param code what the failure is unless memory ran out
 * @param message for the client; the codec's own words go into `detail`
 */
export function codecFailure(
  code: "decode_failed" | "encode_failed",
  message: string,
  cause: unknown,
): UpscalerError {
  const detail = messageOf(cause);
  if (/out of memory|(?:unable to|cannot|failed to) allocate/i.test(detail)) {
    const doing = code === "decode_failed" ? "decode" : "encode";
    return new UpscalerError("out_of_memory", `not enough memory to ${doing} the image`, { detail, cause });
  }
  return new UpscalerError(code, message, { detail, cause });
}
