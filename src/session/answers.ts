import {
  isRequestErrorCode,
  REQUEST_ERROR_CODES,
  type RequestErrorCode,
} from "../../protocol/error-codes.js";
import { MESSAGE_LIMITS } from "../../protocol/limits.js";
import type { ErrorMessage, FatalMessage, ResultMessage } from "../../protocol/messages.js";
import { FatalError, messageOf, UpscalerError } from "../errors.js";
import type { PageResult } from "../stages/job.js";
import type { Job } from "./job.js";
import { clipText, toU32 } from "./wire-values.js";

/** Together these keep every answer within the limits of a message. */
const TEXT_BYTES = 2048;
const NAME_BYTES = 256;
const WARNING_BYTES = 512;

/** @returns the failure as one that an `error` frame can carry; what is not typed is a fault of this program */
export function asRequestError(thrown: unknown): UpscalerError {
  if (thrown instanceof UpscalerError && isRequestErrorCode(thrown.code)) {
    return thrown as UpscalerError<RequestErrorCode>;
  }
  const options = { detail: messageOf(thrown), cause: thrown };
  return new UpscalerError(
    "internal",
    "expected the page to be processed, received a fault of the worker",
    options,
  );
}

/** @returns the failure as one that a `fatal` frame can carry */
export function asFatalError(thrown: unknown, otherwise: "internal_fatal" | "gpu_init_failed"): FatalError {
  return thrown instanceof FatalError
    ? thrown
    : new FatalError(otherwise, messageOf(thrown), { cause: thrown });
}

/** @param label of the request, where it is known */
export function errorMessage(id: number, error: UpscalerError, label?: string): ErrorMessage {
  return {
    t: "error",
    id,
    label,
    code: error.code,
    message: clipText(error.message, TEXT_BYTES),
    retryable: REQUEST_ERROR_CODES[error.code].retryable,
    detail: error.detail === undefined ? undefined : clipText(error.detail, TEXT_BYTES),
  };
}

export function fatalMessage(error: FatalError): FatalMessage {
  return { t: "fatal", code: error.code, message: clipText(error.message, TEXT_BYTES), id: error.requestId };
}

/** @param finishedAt time of the session's clock, in milliseconds */
export function resultMessage(job: Job, result: PageResult, finishedAt: number): ResultMessage {
  const { page, source, timings } = result;
  const total = (finishedAt - job.arrivedAt) * 1000;
  return {
    t: "result",
    id: job.id,
    label: job.label,
    width: page.width,
    height: page.height,
    format: page.format,
    effort: page.effort ?? undefined,
    model: clipText(result.model, NAME_BYTES),
    precision: clipText(result.precision, NAME_BYTES),
    tile: result.tile,
    device: clipText(result.device, NAME_BYTES),
    cache_key: clipText(result.cacheKey, NAME_BYTES),
    source: { width: source.width, height: source.height, format: clipText(source.format, NAME_BYTES) },
    timings_us: {
      queue: toU32(total - timings.decode - timings.upscale - timings.encode),
      decode: toU32(timings.decode),
      upscale: toU32(timings.upscale),
      encode: toU32(timings.encode),
      total: toU32(total),
    },
    warnings: result.warnings
      .slice(0, MESSAGE_LIMITS.entries)
      .map((warning) => clipText(warning, WARNING_BYTES)),
    // Strips have carried the page already.
    data: page.data.byteLength === 0 ? undefined : page.data,
  };
}
