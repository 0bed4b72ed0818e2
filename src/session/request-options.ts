import type { ReadyMessage, UpscaleMessage } from "../../protocol/messages.js";
import { UpscalerError } from "../errors.js";
import type { PageOptions } from "../stages/job.js";
import { describeValue } from "../wire/validate.js";

/** What the worker can do once its model is loaded, in the words of `ready`. */
export type ReadyInfo = Omit<ReadyMessage, "t" | "load_ms">;

/** @returns the request's choices, absent ones as null or their default */
export function pageOptionsOf(request: UpscaleMessage): PageOptions {
  const { fit } = request;
  return {
    model: request.model ?? null,
    scale: request.scale ?? null,
    noise: request.noise ?? null,
    tile: request.tile ?? null,
    fit: fit === undefined ? null : { width: fit.width ?? null, height: fit.height ?? null },
    format: request.format ?? "webp",
    quality: request.quality ?? null,
    effort: request.effort ?? null,
    lossless: request.lossless ?? false,
    strips: request.strips ?? false,
  };
}

/**
 * The reverse of `pageOptionsOf`.
 *
 * @returns the choices as fields of a request to another worker; what is as if absent is absent, so that the request
 *   does not outgrow a frame that it came in
 */
export function requestFieldsOf(
  options: PageOptions,
): Omit<UpscaleMessage, "t" | "id" | "data" | "priority" | "timeout_ms" | "progress"> {
  const { model, scale, noise, tile, fit, format, quality, effort, lossless, strips } = options;
  return {
    ...{ model: model ?? undefined, scale: scale ?? undefined, noise: noise ?? undefined },
    ...{ tile: tile ?? undefined, quality: quality ?? undefined, effort: effort ?? undefined },
    ...(fit === null ? {} : { fit: withoutNull(fit) }),
    format: format === "webp" ? undefined : format,
    ...{ lossless: lossless || undefined, strips: strips || undefined },
  };
}

/** @returns why none of the loaded models can do what is asked; null when one can */
export function findModelMismatch(options: PageOptions, ready: ReadyInfo): UpscalerError | null {
  const { model, scale } = options;
  const candidates = model === null ? ready.models : ready.models.filter((known) => known.name === model);
  if (candidates.length === 0) {
    const names = ready.models.map((known) => known.name).join(", ");
    return new UpscalerError(
      "model_not_found",
      `expected one of ${names} for model, received ${describeValue(model)}`,
    );
  }
  const scales = [...new Set(candidates.flatMap((known) => known.scales))];
  if (scale === null || scales.includes(scale)) return null;
  return new UpscalerError(
    "unsupported_option",
    `expected one of ${scales.join(", ")} for scale, received ${scale}`,
  );
}

function withoutNull({ width, height }: NonNullable<PageOptions["fit"]>): UpscaleMessage["fit"] {
  return { ...(width === null ? {} : { width }), ...(height === null ? {} : { height }) };
}
