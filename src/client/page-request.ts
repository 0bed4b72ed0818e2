import type { UpdateMessage, UpscaleMessage } from "../../protocol/messages.js";
import { PRIORITY } from "../../protocol/messages.js";
import type { Clock } from "../session/clock.js";
import type { UpscaledStrip, UpscaleResult } from "./upscale-result.js";

/** What can be changed while a request is live. */
export type RequestChange = Omit<UpdateMessage, "t" | "id">;

/** Fields of `upscale` that stay the same however often the request is sent. */
export type FixedFields = Omit<UpscaleMessage, "t" | "id" | "data" | "priority" | "timeout_ms">;

/**
 * How much later than its deadline a request that the worker has is given up: the worker keeps the same deadline, and its
 * answer says more.
 */
const LATE_ANSWER_MS = 500;

export interface PageRequestEvents {
  /** The deadline is over, and a worker that had the request has not said so. */
  onDeadline(request: PageRequest): void;
}

export interface PageRequestParts {
  /** Position in the order of arrival. */
  readonly sequence: number;
  readonly data: Uint8Array;
  readonly fields: FixedFields;
  readonly change: RequestChange;
  readonly clock: Clock;
  readonly events: PageRequestEvents;
  readonly onProgress: ((done: number, total: number) => void) | undefined;
  readonly onStrip: ((strip: UpscaledStrip) => void) | undefined;
}

/** One page of the caller, from `upscale()` until its promise settles, over as many workers as that takes. */
export class PageRequest {
  readonly sequence: number;
  readonly data: Uint8Array;
  readonly onProgress: PageRequestParts["onProgress"];
  readonly onStrip: PageRequestParts["onStrip"];
  readonly result: Promise<UpscaleResult>;
  priority: number;
  /** The id at the present worker; null while the request waits. */
  id: number | null = null;
  /** Crashes of a worker that had this request. */
  crashes = 0;
  /** Devices that were lost under this request. */
  deviceLosses = 0;
  /** The caller wants no result any more. */
  isCancelled = false;
  readonly #parts: PageRequestParts;
  #deadline: number | null = null;
  #cancelTimer: (() => void) | null = null;
  #settle: { resolve: (result: UpscaleResult) => void; reject: (reason: unknown) => void } | null = null;
  #onSettled: (() => void)[] = [];

  constructor(parts: PageRequestParts) {
    this.#parts = parts;
    this.sequence = parts.sequence;
    this.data = parts.data;
    this.onProgress = parts.onProgress;
    this.onStrip = parts.onStrip;
    this.priority = parts.change.priority ?? PRIORITY.normal;
    this.result = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    this.change(parts.change);
  }

  get isSettled(): boolean {
    return this.#settle === null;
  }

  /** The message, with the time that is left of the deadline. */
  get message(): Omit<UpscaleMessage, "t" | "id"> {
    const { fields, clock } = this.#parts;
    const left = this.#deadline === null ? null : Math.ceil(this.#deadline - clock.now());
    return {
      ...fields,
      priority: this.priority,
      ...(left === null ? {} : { timeout_ms: Math.max(1, left) }),
      data: this.data,
    };
  }

  change({ priority, timeout_ms }: RequestChange): void {
    if (priority !== undefined) this.priority = priority;
    if (timeout_ms === undefined) return;
    this.#deadline = this.#parts.clock.now() + timeout_ms;
    this.#watch(timeout_ms);
  }

  resolve(result: UpscaleResult): void {
    this.#settle?.resolve(result);
    this.#release();
  }

  reject(reason: unknown): void {
    this.#settle?.reject(reason);
    this.#release();
  }

  /** Calls `action` once when the promise has been settled. */
  onSettled(action: () => void): void {
    this.#onSettled.push(action);
  }

  #watch(ms: number): void {
    this.#cancelTimer?.();
    this.#cancelTimer = this.#parts.clock.after(ms, () => {
      const isLate = this.#deadline !== null && this.#parts.clock.now() >= this.#deadline + LATE_ANSWER_MS;
      if (this.id === null || isLate) this.#parts.events.onDeadline(this);
      else this.#watch(LATE_ANSWER_MS);
    });
  }

  #release(): void {
    this.#settle = null;
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    for (const action of this.#onSettled.splice(0)) action();
  }
}
