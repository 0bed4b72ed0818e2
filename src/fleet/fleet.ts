import type { ErrorMessage, ResultMessage } from "../../protocol/messages.js";
import { Quarantine } from "../client/quarantine.js";
import { type EndedRun, isCrash } from "../client/worker-run.js";
import { FatalError, UpscalerError } from "../errors.js";
import type { Log } from "../log.js";
import type { PageJob, PageProcessor, PageResult } from "../stages/job.js";
import { DeviceNames } from "./device-names.js";
import { foremost } from "./dispatch.js";
import { type ChildSettings, type ChildSpec, FleetChild } from "./fleet-child.js";
import { crashedTwice, FleetPage } from "./fleet-page.js";
import { PixelEstimate } from "./pixel-estimate.js";
import { WaitingPages } from "./waiting-pages.js";

/** Pages in a row that may enter the ward before the one which waits for it. */
const MAX_OVERTAKES = 8;

export interface FleetEvents {
  /** A worker has said what it is, or will never. */
  onSettled(): void;
}

/**
 * Gives pages to several workers, each a process with a device of its own. The queue is its caller's: it takes a page
 * when a worker would start it at once, and keeps only what has lost its worker.
 */
export class Fleet implements PageProcessor {
  onRoom: (() => void) | null = null;
  readonly children: readonly FleetChild[];
  readonly #log: Log;
  readonly #events: FleetEvents;
  readonly #names: DeviceNames;
  readonly #quarantine = new Quarantine();
  readonly #estimate = new PixelEstimate();
  readonly #waiting = new WaitingPages();
  /** The worker that takes nothing new until a page that is to go alone finds it empty. */
  #ward: FleetChild | null = null;
  #overtakes = 0;
  /** Why no page can be processed any more. */
  #failure: UpscalerError<string> | null = null;
  #isClosing = false;

  /** Starts nothing yet. */
  constructor(specs: readonly ChildSpec[], settings: ChildSettings, events: FleetEvents, log: Log) {
    this.#log = log;
    this.#events = events;
    this.children = specs.map(
      (spec) =>
        new FleetChild(spec, settings, {
          onReady: (child) => this.#onReady(child),
          onAnswer: (child, page, answer) => this.#onAnswer(child, page, answer),
          onLost: (child, ended, pages) => this.#onLost(child, ended, pages),
          onGivenUp: (child) => this.#onGivenUp(child),
        }),
    );
    this.#names = new DeviceNames(this.children);
  }

  /** To be called once. */
  start(): void {
    for (const child of this.children) child.start();
  }

  /** How devices are called in `ready` and in results. */
  get names(): DeviceNames {
    return this.#names;
  }

  hasRoomFor(priority: number): boolean {
    // `process` says why not.
    if (this.#failure !== null) return true;
    if (this.#waiting.hasCleared(priority)) return false;
    return this.children.some((child) => child.hasRoomFor(priority) && this.#mayEnter(child, priority));
  }

  process(job: PageJob): Promise<PageResult> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    if (this.#quarantine.find(job.data) !== null) return Promise.reject(crashedTwice(null));
    const page = new FleetPage(job, this.#estimate.estimate(job.data), this.#usualScale);
    if (job.signal.aborted) page.reject(job.signal.reason);
    else {
      job.signal.addEventListener("abort", () => this.#drop(page), { once: true });
      job.onPriority = () => this.#childOf(page)?.update(page);
      this.#place(page);
    }
    return page.result;
  }

  /** Ends every process, without what they are at; settles when they are gone. */
  async close(): Promise<void> {
    this.#failure ??= new UpscalerError(
      "shutting_down",
      "expected workers that stay, but the fleet is closed",
    );
    this.#isClosing = true;
    for (const page of this.#waiting.takeAll()) page.reject(this.#failure);
    await Promise.all(this.children.map((child) => child.close()));
  }

  get #usualScale(): number | null {
    const [model] = this.children.flatMap(({ ready }) => ready?.models ?? []);
    return model?.scales[0] ?? null;
  }

  #childOf(page: FleetPage): FleetChild | null {
    return this.children.find((child) => child.has(page)) ?? null;
  }

  /** Keeps pages out of the ward that are no more urgent than the one which waits for it. */
  #mayEnter(child: FleetChild, priority: number): boolean {
    if (child !== this.#ward) return true;
    return this.#overtakes < MAX_OVERTAKES && priority > this.#waiting.mostUrgentSuspect;
  }

  #place(page: FleetPage): void {
    const isSuspect = page.crashes > 0;
    const able = this.children.filter(
      (child) => child.canTake(page) && (isSuspect || this.#mayEnter(child, page.priority)),
    );
    const child = foremost(able, page, this.children);
    if (child === null) {
      this.#waiting.add(page);
      return;
    }
    if (isSuspect) this.#overtakes = 0;
    else if (child === this.#ward) this.#overtakes++;
    child.give(page);
  }

  /** To be called when there may be room, or more to find room for. */
  #dispatch(): void {
    this.#chooseWard();
    for (const page of this.#waiting.takeCleared()) this.#place(page);
    // Before the suspects: a page in view need not wait until all of them have gone alone.
    this.onRoom?.();
    for (const page of this.#waiting.takeSuspects()) this.#place(page);
    this.#chooseWard();
  }

  #chooseWard(): void {
    if (this.#waiting.firstSuspect === null) this.#ward = null;
    else if (this.#ward?.isOpen !== true) {
      const open = this.children.filter((child) => child.isOpen);
      // The one that will have nothing left first.
      this.#ward = foremost(open, { pixels: 0, priority: Number.NEGATIVE_INFINITY }, this.children);
    }
  }

  #drop(page: FleetPage): void {
    page.reject(page.job.signal.reason);
    const child = this.#childOf(page);
    if (child !== null) child.cancel(page);
    else {
      this.#waiting.remove(page);
      this.#dispatch();
    }
  }

  #onReady(child: FleetChild): void {
    const { devices = [], load_ms } = child.ready ?? {};
    const device = devices.map(({ name }) => name).join(", ");
    this.#log.info("a worker is ready", { worker: child.label, pid: child.pid, device, load_ms });
    this.#events.onSettled();
    this.#dispatch();
  }

  #onAnswer(child: FleetChild, page: FleetPage, answer: ResultMessage | ErrorMessage): void {
    if (answer.t === "result") {
      const { width, height } = answer.source;
      this.#estimate.learn(page.data, width * height);
      if (page.crashes > 0) this.#quarantine.acquit(page.data);
      page.resolve(answer, this.#names.of(answer.device, child));
    } else if (answer.code === "gpu_lost") {
      // Any page that reaches a lost device gets this answer; the next worker tells whether it was the reason.
      this.#retry([page], `its device was lost: ${answer.message}`);
    } else if (answer.code === "shutting_down" && !page.isSettled) {
      this.#waiting.add(page);
    } else {
      page.refuse(answer);
    }
    this.#dispatch();
  }

  #onLost(child: FleetChild, ended: EndedRun, pages: readonly FleetPage[]): void {
    const { reason } = ended.loss;
    if (this.#isClosing) {
      for (const page of pages) page.reject(this.#failure);
      return;
    }
    this.#log.warn("a worker is lost", { worker: child.label, reason, pages: pages.length });
    if (isCrash(ended)) this.#retry(pages, reason);
    else for (const page of pages) if (!page.isSettled) this.#waiting.add(page);
    this.#dispatch();
  }

  /** Gives pages to another worker that may be what has cost one its life, or its device. */
  #retry(pages: readonly FleetPage[], reason: string): void {
    // Also those that nobody waits for any more: the worker may have been working on them.
    this.#quarantine.blame(pages.map(({ data }) => data));
    for (const page of pages) {
      if (page.isSettled) continue;
      if (page.survives(reason)) this.#waiting.add(page);
      else this.#log.error("a page was at two workers that were lost", { bytes: page.data.length, reason });
    }
  }

  #onGivenUp(child: FleetChild): void {
    const reason = child.lastEnd?.loss.reason ?? "it cannot be started";
    this.#log.error("a worker is not started again", { worker: child.label, reason });
    if (this.children.every(({ isGivenUp }) => isGivenUp)) this.#fail(child, reason);
    this.#events.onSettled();
    this.#dispatch();
  }

  /** The end of the fleet is told like the end of a worker with one device. */
  #fail({ hasLostDevice }: FleetChild, reason: string): void {
    const message = `expected a worker that can be started again, none is left: ${reason}`;
    const failure = hasLostDevice
      ? new UpscalerError("gpu_lost", message)
      : new FatalError("internal_fatal", message);
    this.#failure = failure;
    for (const page of this.#waiting.takeAll()) page.reject(failure);
  }
}
