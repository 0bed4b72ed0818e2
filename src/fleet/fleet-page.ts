import { PRIORITY } from "../../protocol/client-messages.js";
import { isRequestErrorCode } from "../../protocol/error-codes.js";
import type { ErrorMessage, ResultMessage, StripMessage, UpscaleMessage } from "../../protocol/messages.js";
import type { Passenger } from "../client/flight.js";
import { UpscalerError } from "../errors.js";
import { requestFieldsOf } from "../session/request-options.js";
import type { PageJob, PageResult } from "../stages/job.js";

/** Times that a page may be at a worker that is lost. */
const MOST_CRASHES = 2;

const NO_DATA = new Uint8Array(0);

/** One page on its way through the fleet, over as many workers as that takes. */
export class FleetPage implements Passenger {
  readonly job: PageJob;
  /** As far as is known without opening the image; each counts `weight` times. */
  readonly pixels: number;
  /** What there is to make of each pixel, of a page that leaves the scale open 1. */
  readonly weight: number;
  readonly result: Promise<PageResult>;
  id: number | null = null;
  crashes = 0;
  /** Those that the client has; the next worker sends them again. */
  readonly #strips: StripMessage[] = [];
  #settle: { resolve: (result: PageResult) => void; reject: (reason: unknown) => void } | null = null;

  /** @param usualScale of requests that name none; null where it is not known */
  constructor(job: PageJob, pixels: number, usualScale: number | null = null) {
    this.job = job;
    const { scale } = job.options;
    this.weight = scale === null || usualScale === null ? 1 : (scale / usualScale) ** 2;
    this.pixels = pixels * this.weight;
    this.result = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
  }

  get data(): Uint8Array {
    return this.job.data;
  }

  get priority(): number {
    return this.job.priority;
  }

  /** Whether nobody waits for the page any more. */
  get isSettled(): boolean {
    return this.#settle === null;
  }

  /** The request to a worker. The time limit stays here: when it is over, the worker is told to cancel. */
  get message(): Omit<UpscaleMessage, "t" | "id"> {
    const { options, onProgress, priority, data } = this.job;
    const progress = onProgress === undefined ? undefined : true;
    const urgency = priority === PRIORITY.normal ? {} : { priority };
    return { ...requestFieldsOf(options), progress, ...urgency, data };
  }

  /** @param device name of the device among those of the fleet */
  resolve(message: ResultMessage, device: string): void {
    const { width, height, format, effort = null, data = NO_DATA, timings_us: timings } = message;
    const { source, model, precision, tile, warnings, cache_key: cacheKey } = message;
    this.#settle?.resolve({
      page: { width, height, format, effort, data },
      ...{ source, model, precision, tile, device, cacheKey, warnings },
      timings: { decode: timings.decode, upscale: timings.upscale, encode: timings.encode },
    });
    this.#settle = null;
  }

  reject(reason: unknown): void {
    this.#settle?.reject(reason);
    this.#settle = null;
  }

  /** Passes a worker's refusal on. */
  refuse({ code, message, detail }: ErrorMessage): void {
    const options = detail === undefined ? {} : { detail };
    this.reject(
      isRequestErrorCode(code)
        ? new UpscalerError(code, message, options)
        : new UpscalerError("internal", `expected a known code, received ${code}: ${message}`, options),
    );
  }

  /**
   * Passes a strip on, unless the client has it from an earlier worker.
   *
   * @returns false when it does not continue what the client has; the page is refused then
   */
  deliver(strip: StripMessage): boolean {
    const before = this.#strips[strip.index];
    if (before === undefined) {
      const { t: _type, id: _id, ...part } = strip;
      this.#strips.push({ ...strip, data: NO_DATA });
      this.job.onStrip?.(part);
      return true;
    }
    const isSame = before.count === strip.count && before.y === strip.y && before.height === strip.height;
    if (!isSame) {
      const message = `expected the rest of a page whose first ${this.#strips.length} strips were sent, but the worker was lost and the next one divides it in another way`;
      this.reject(new UpscalerError("internal", message));
    }
    return isSame;
  }

  /**
   * A worker was lost, or its device, while it had the page.
   *
   * @returns whether another one may be tried; the page is refused otherwise
   */
  survives(reason: string): boolean {
    this.crashes++;
    if (this.crashes < MOST_CRASHES) return true;
    this.reject(crashedTwice(reason));
    return false;
  }
}

/** @param reason how the last of the workers ended, if it is known */
export function crashedTwice(reason: string | null): UpscalerError {
  const last = reason === null ? "" : `, the last one because ${reason}`;
  return new UpscalerError(
    "internal",
    `expected a page that workers survive, but two were lost while they had it${last}`,
  );
}
