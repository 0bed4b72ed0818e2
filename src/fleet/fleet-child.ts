import { EXIT } from "../../protocol/error-codes.js";
import type {
  ErrorMessage,
  ReadyMessage,
  ResultMessage,
  StatsMessage,
  StripMessage,
} from "../../protocol/messages.js";
import type { ClientEnvironment } from "../client/client-options.js";
import { Flight } from "../client/flight.js";
import type { RestartOptions } from "../client/restart-policy.js";
import { Supervisor } from "../client/supervisor.js";
import type { WorkerConnection } from "../client/worker-connection.js";
import type { StartWorker } from "../client/worker-process.js";
import type { EndedRun, RunLimits } from "../client/worker-run.js";
import { messageOf, UpscalerError } from "../errors.js";
import { PROGRAM_NAME, PROGRAM_VERSION } from "../version.js";
import type { FleetPage } from "./fleet-page.js";
import { Throughput } from "./throughput.js";

/** How to start one worker of a fleet. */
export interface ChildSpec {
  /** What the log calls it, "gpu 1". */
  readonly label: string;
  readonly start: StartWorker;
  /** Pages that its stages hold at a time: more would only wait there. */
  readonly places: number;
  /** Whether there is such a device at all; asked when the worker cannot start while others can. */
  deviceExists(): Promise<boolean>;
}

export interface ChildEvents {
  onReady(child: FleetChild, ready: ReadyMessage): void;
  onAnswer(child: FleetChild, page: FleetPage, answer: ResultMessage | ErrorMessage): void;
  /** Its process is gone. `pages` are those that it had. */
  onLost(child: FleetChild, ended: EndedRun, pages: readonly FleetPage[]): void;
  /** It is not started again. */
  onGivenUp(child: FleetChild): void;
}

export interface ChildSettings {
  readonly environment: ClientEnvironment;
  readonly limits: RunLimits;
  readonly restart: RestartOptions;
}

/** One worker of the fleet: its process, kept running, and the pages that it has. */
export class FleetChild {
  readonly label: string;
  readonly #spec: ChildSpec;
  readonly #settings: ChildSettings;
  readonly #events: ChildEvents;
  readonly #supervisor: Supervisor;
  readonly #flight = new Flight<FleetPage>();
  readonly #throughput = new Throughput();
  #ready: ReadyMessage | null = null;
  #isServing = false;
  #isClosing = false;
  #lastEnd: EndedRun | null = null;
  #lastStats: StatsMessage | null = null;

  constructor(spec: ChildSpec, settings: ChildSettings, events: ChildEvents) {
    this.label = spec.label;
    this.#spec = spec;
    this.#settings = settings;
    this.#events = events;
    this.#supervisor = new Supervisor({
      ...{ start: spec.start, ...settings.environment, limits: settings.limits, restart: settings.restart },
      client: { name: `${PROGRAM_NAME} supervisor`, version: PROGRAM_VERSION },
      hasWork: () => this.#flight.size > 0,
      isWanted: () => !this.#isClosing,
      events: {
        onHello: () => undefined,
        onReady: (ready) => this.#onReady(ready),
        onAnswer: (answer) => this.#onAnswer(answer),
        onProgress: ({ id, done, total }) => this.#flight.find(id)?.job.onProgress?.(done, total),
        onStrip: (strip) => this.#onStrip(strip),
        onEnded: (ended) => this.#onEnded(ended),
        onGivenUp: () => {
          if (!this.#isClosing) events.onGivenUp(this);
        },
      },
    });
  }

  deviceExists(): Promise<boolean> {
    return this.#spec.deviceExists();
  }

  /** To be called once. */
  start(): void {
    this.#supervisor.start();
  }

  /** What it has said of itself when it was last ready; null if it never was. */
  get ready(): ReadyMessage | null {
    return this.#ready;
  }

  /** The present process; null between two. */
  get pid(): number | null {
    return this.#connection?.hello?.pid ?? null;
  }

  get isGivenUp(): boolean {
    return this.#supervisor.failure !== null;
  }

  /** Whether it takes pages at all. */
  get isOpen(): boolean {
    return this.#isServing && this.#connection?.isOpen === true;
  }

  get isIdle(): boolean {
    return this.#flight.size === 0;
  }

  /** How its last process ended; null while the first one runs. */
  get lastEnd(): EndedRun | null {
    return this.#lastEnd;
  }

  /** Whether it ended for want of its device. */
  get hasLostDevice(): boolean {
    const code = this.#lastEnd?.exit.code;
    return code === EXIT.replaceMe || code === EXIT.noDevice;
  }

  /** As of the last `refreshStats`; null before, and for a process that has not been asked yet. */
  get stats(): StatsMessage | null {
    return this.#lastStats;
  }

  get pixelsPerMs(): number | null {
    return this.#throughput.pixelsPerMs;
  }

  /**
   * Pixels that it has to get through until it has done a page of this priority: more urgent pages overtake what it has.
   *
   * @param pixels of the page
   */
  pixelsUntil(pixels: number, priority: number): number {
    return this.#flight
      .list()
      .reduce((sum, page) => (page.priority >= priority ? sum + page.pixels : sum), pixels);
  }

  /**
   * Whether a page of this priority would be started at once. One place more than its stages have is for a page that is
   * more urgent than all others there, as in the stages themselves.
   */
  hasRoomFor(priority: number): boolean {
    if (!this.isOpen) return false;
    const pages = this.#flight.list();
    if (pages.some(({ crashes }) => crashes > 0)) return false;
    if (pages.length < this.#spec.places) return true;
    return pages.length === this.#spec.places && pages.every((page) => page.priority < priority);
  }

  /** Whether it may be given this page now. */
  canTake(page: FleetPage): boolean {
    const limits = this.#connection?.hello?.limits;
    if (limits === undefined || !this.hasRoomFor(page.priority)) return false;
    return this.#flight.fits(page, { requests: limits.max_in_flight, bytes: limits.max_in_flight_bytes });
  }

  has(page: FleetPage): boolean {
    return page.id !== null && this.#flight.find(page.id) === page;
  }

  give(page: FleetPage): void {
    const connection = this.#connection;
    if (connection === null) throw new Error("expected a worker for the page, there is none");
    try {
      const id = connection.upscale(page.message, (used) => this.#flight.find(used) !== undefined);
      this.#flight.begin(page, id);
    } catch (thrown) {
      // Its fields are legal, so that it can only be too large, and would be for every worker.
      page.reject(new UpscalerError("image_too_large", messageOf(thrown), { cause: thrown }));
      return;
    }
    this.#throughput.busy(this.#now);
    this.#supervisor.run?.wake();
  }

  /** Tells the worker the priority that a page has now. */
  update({ id, priority }: FleetPage): void {
    if (id !== null) this.#connection?.update({ id, priority });
  }

  cancel({ id }: FleetPage): void {
    if (id !== null) this.#connection?.cancel(id);
  }

  /** @throws {WorkerLost} */
  async refreshStats(): Promise<void> {
    if (!this.isOpen) return;
    const stats = this.#connection?.stats();
    this.#supervisor.run?.wake();
    this.#lastStats = (await stats) ?? null;
  }

  /** Ends the process, without what it is at; settles when it is gone. */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.#supervisor.shutdown({ mode: "now", grace_ms: 0 });
    await this.#supervisor.stopped;
  }

  get #connection(): WorkerConnection | null {
    return this.#supervisor.run?.connection ?? null;
  }

  get #now(): number {
    return this.#settings.environment.clock.now();
  }

  #onReady(ready: ReadyMessage): void {
    this.#ready = ready;
    this.#isServing = true;
    this.#events.onReady(this, ready);
  }

  #onAnswer(answer: ResultMessage | ErrorMessage): void {
    const page = this.#flight.end(answer.id);
    if (page === undefined) return;
    const pixels = answer.t === "result" ? answer.source.width * answer.source.height * page.weight : 0;
    this.#throughput.left(pixels, this.isIdle, this.#now);
    this.#events.onAnswer(this, page, answer);
  }

  #onStrip(strip: StripMessage): void {
    const page = this.#flight.find(strip.id);
    if (page === undefined || page.isSettled) return;
    if (!page.deliver(strip)) this.#connection?.cancel(strip.id);
  }

  #onEnded(ended: EndedRun): void {
    this.#isServing = false;
    this.#lastEnd = ended;
    this.#lastStats = null;
    this.#throughput.interrupt();
    this.#events.onLost(this, ended, this.#flight.takeAll());
  }
}
