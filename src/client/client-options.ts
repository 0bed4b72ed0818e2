import type { UpscaleMessage } from "../../protocol/messages.js";
import { type Clock, systemClock } from "../session/clock.js";
import { PROGRAM_NAME, PROGRAM_VERSION } from "../version.js";
import { DEFAULT_LIVENESS_LIMITS } from "./liveness.js";
import type { FixedFields, RequestChange } from "./page-request.js";
import { DEFAULT_RESTART_OPTIONS, type RestartOptions } from "./restart-policy.js";
import type { UpscaledStrip } from "./upscale-result.js";
import type { ClientIdentity } from "./worker-connection.js";
import type { RunLimits } from "./worker-run.js";

/** How one page is to be upscaled; what is absent is left to the worker (protocol/PROTOCOL.md, `upscale`). */
export interface UpscaleOptions
  extends Partial<
    Pick<
      UpscaleMessage,
      "model" | "scale" | "noise" | "tile" | "fit" | "format" | "quality" | "effort" | "lossless"
    >
  > {
  /** 0 prefetch, 1 normal, 2 visible. */
  readonly priority?: 0 | 1 | 2 | undefined;
  /** Milliseconds from the call to the answer, all waiting included. */
  readonly timeoutMs?: number | undefined;
  /** Aborting rejects the promise at once with the signal's reason, and cancels the work. */
  readonly signal?: AbortSignal;
  /** Called with tiles done and tiles in all, at most ten times a second. */
  readonly onProgress?: (done: number, total: number) => void;
  /**
   * Asks for the page in horizontal strips and receives them from the top; the result then has no data. After a crash of
   * the worker they come again from the first.
   */
  readonly onStrip?: (strip: UpscaledStrip) => void;
}

/** What can be changed while a page is waited for. */
export type UpdateOptions = Pick<UpscaleOptions, "priority" | "timeoutMs">;

/** How the client behaves; every field has a default. Times are milliseconds. */
export interface ClientOptions {
  /** What the worker is told about its client, for its log. */
  readonly client?: ClientIdentity;
  /** Requests given to the worker at a time, within what the worker allows. */
  readonly maxInFlight?: number;
  /** Requests that may wait in the client beyond those (4096). */
  readonly maxQueued?: number;
  /** False: a worker that ends is not replaced. */
  readonly restart?: boolean | Partial<RestartOptions>;
  /** How long a worker may be silent before it is killed and replaced. */
  readonly limits?: Partial<RunLimits>;
}

/** Time and chance, passed in so that tests decide about them. */
export interface ClientEnvironment {
  readonly clock: Clock;
  readonly random: () => number;
}

export const DEFAULT_ENVIRONMENT: ClientEnvironment = { clock: systemClock, random: Math.random };
export const DEFAULT_IDENTITY: ClientIdentity = { name: PROGRAM_NAME, version: PROGRAM_VERSION };
export const DEFAULT_MAX_QUEUED = 4096;
export const DEFAULT_RUN_LIMITS: RunLimits = { ...DEFAULT_LIVENESS_LIMITS, helloLimitMs: 30_000 };

/** @returns the fields of the message that every sending has */
export function fixedFieldsOf(options: UpscaleOptions): FixedFields {
  const { model, scale, noise, tile, fit, format, quality, effort, lossless } = options;
  const progress = options.onProgress === undefined ? undefined : true;
  const strips = options.onStrip === undefined ? undefined : true;
  return { model, scale, noise, tile, fit, format, quality, effort, lossless, progress, strips };
}

export function changeOf({ priority, timeoutMs }: UpdateOptions): RequestChange {
  return { priority, timeout_ms: timeoutMs };
}

/** @returns null when a worker that ends is not to be replaced */
export function restartOptionsOf({ restart = true }: ClientOptions): RestartOptions | null {
  if (restart === false) return null;
  return restart === true ? DEFAULT_RESTART_OPTIONS : { ...DEFAULT_RESTART_OPTIONS, ...restart };
}
