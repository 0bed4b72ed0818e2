import { PROTOCOL_VERSION } from "../../protocol/limits.js";
import type { ClientHello, UpscaleMessage } from "../../protocol/messages.js";
import { UpscalerError } from "../errors.js";
import { PROGRAM_NAME, PROGRAM_VERSION } from "../version.js";
import { encodeMessage, type Frame, UnsendableMessage } from "../wire/codec.js";

/** What is the same for every page. */
export type RequestFields = Omit<UpscaleMessage, "t" | "id" | "label" | "data">;

/** @returns the greeting of a client that writes and never reads, and so wants the worker to make it wait */
export function greetingFrame(): Frame {
  const client: ClientHello = {
    t: "hello",
    proto: PROTOCOL_VERSION,
    client: { name: PROGRAM_NAME, version: PROGRAM_VERSION },
    features: ["back_pressure", "label"],
  };
  return encodeMessage(client);
}

/**
 * @param data a whole image file
 * @throws {UpscalerError} decode_failed: nothing in it; image_too_large: too much for a frame
 */
export function requestFrame(id: number, label: string, fields: RequestFields, data: Uint8Array): Frame {
  if (data.length === 0) {
    throw new UpscalerError("decode_failed", "expected an image file, received an empty one");
  }
  try {
    return encodeMessage({ t: "upscale", id, label, ...fields, data });
  } catch (thrown) {
    if (!(thrown instanceof UnsendableMessage) || !thrown.isTooLarge) throw thrown;
    throw new UpscalerError("image_too_large", thrown.message, { cause: thrown });
  }
}
