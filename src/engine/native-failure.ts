import type { RequestErrorCode } from "../../protocol/error-codes.js";
import { FatalError, messageOf, UpscalerError } from "../errors.js";
import type { NativeFailure } from "./native.js";

const REMEDIES: Partial<Record<RequestErrorCode, string>> = {
  out_of_memory:
    "the device has no memory left even for the smallest tile; close other programs or use --gpu-id -1",
  gpu_lost: "the GPU stopped answering; the worker must be replaced",
};

/** @returns what one request is told about a failure of the engine */
export function requestFailure(failure: NativeFailure): UpscalerError {
  const { code, message } = failure;
  const known = code === "cancelled" || code === "out_of_memory" || code === "gpu_lost" ? code : "internal";
  return new UpscalerError(known, REMEDIES[known] ?? message, { detail: message, cause: failure });
}

/** @returns what everybody is told when the model could not be loaded */
export function loadFailure(thrown: unknown, model: string, device: string): FatalError {
  return new FatalError(
    "gpu_init_failed",
    `cannot load model ${model} on ${device}: ${messageOf(thrown)}; --gpu-id -1 uses the CPU`,
    { cause: thrown },
  );
}
