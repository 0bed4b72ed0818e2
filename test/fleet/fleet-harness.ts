import type { WorkerHandle } from "../../src/client/worker-process.js";
import { UpscalerError } from "../../src/errors.js";
import type { Fleet } from "../../src/fleet/fleet.js";
import { startFleet } from "../../src/fleet/start-fleet.js";
import { createLog } from "../../src/log.js";
import { pageOptionsOf } from "../../src/session/request-options.js";
import type { LoadedStages } from "../../src/session/session.js";
import type { PageJob, PageOptions } from "../../src/stages/job.js";
import type { EncodedStrip } from "../../src/stages/page.js";
import { FakeWorker, outcomeOf, settled } from "../client/fake-workers.js";
import { FakeClock } from "../session/fake-clock.js";

export const PLACES = 2;

/** A page that the test steers; its bytes are all `byte`, so that it can be told apart at a worker. */
export class TestJob implements PageJob {
  readonly data: Uint8Array;
  readonly options: PageOptions;
  readonly strips: EncodedStrip[] = [];
  readonly progress: number[] = [];
  onPriority: (() => void) | null = null;
  priority: number;
  readonly #abortion = new AbortController();

  constructor(byte: number, priority = 1, bytes = 1, options: Partial<PageOptions> = {}) {
    this.data = new Uint8Array(bytes).fill(byte);
    this.priority = priority;
    this.options = { ...pageOptionsOf({ t: "upscale", id: 1, data: this.data }), ...options };
  }

  get signal(): AbortSignal {
    return this.#abortion.signal;
  }

  onProgress = (done: number): void => void this.progress.push(done);

  onStrip(strip: EncodedStrip): void {
    this.strips.push(strip);
  }

  prioritise(priority: number): void {
    this.priority = priority;
    this.onPriority?.();
  }

  abort(): void {
    this.#abortion.abort(new UpscalerError("cancelled", "the test cancels"));
  }
}

/** A fleet of fake workers in fake time. */
export class FleetHarness {
  readonly clock = new FakeClock();
  readonly fleet: Fleet;
  readonly loaded: Promise<LoadedStages>;
  readonly logged: string[] = [];
  /** By device: the processes that were started for it. */
  readonly started: readonly FakeWorker[][];

  constructor(
    devices: number,
    { exists = true, start }: { exists?: boolean; start?: () => WorkerHandle } = {},
  ) {
    this.started = Array.from({ length: devices }, () => []);
    const specs = this.started.map((workers, place) => ({
      label: `gpu ${place}`,
      places: PLACES,
      start: () => {
        if (start !== undefined) return start();
        const worker = new FakeWorker();
        workers.push(worker);
        return worker;
      },
      deviceExists: async () => exists,
    }));
    const log = createLog((line) => this.logged.push(line), { least: "debug" });
    const environment = { clock: this.clock, random: () => 0.5 };
    const { fleet, loaded } = startFleet(specs, log, { environment });
    this.fleet = fleet;
    this.loaded = loaded;
    loaded.catch(() => undefined);
  }

  /** A fleet whose workers are all ready. */
  static async ready(devices: number): Promise<FleetHarness> {
    const harness = new FleetHarness(devices);
    for (let place = 0; place < devices; place++) await harness.serve(place);
    await harness.loaded;
    return harness;
  }

  /** The present process for a device. */
  at(place: number): FakeWorker {
    const worker = this.started[place]?.at(-1);
    if (worker === undefined) throw new Error(`expected a worker at ${place}, none was started`);
    return worker;
  }

  async serve(place: number): Promise<void> {
    this.at(place).hello();
    this.at(place).ready();
    await settled();
  }

  /** Starts a job as the session does, which asks before. */
  process(job: TestJob): { job: TestJob; outcome: Promise<unknown>; result: ReturnType<Fleet["process"]> } {
    if (!this.fleet.hasRoomFor(job.priority)) throw new Error("a job was started without room for it");
    const result = this.fleet.process(job);
    return { job, outcome: outcomeOf(result), result };
  }

  async page(byte: number, priority = 1, bytes = 1, options: Partial<PageOptions> = {}) {
    const started = this.process(new TestJob(byte, priority, bytes, options));
    await settled();
    return started;
  }

  /** Lets a worker answer a page of these bytes. */
  async answer(place: number, byte: number, code?: string): Promise<void> {
    const worker = this.at(place);
    const sent = worker.of("upscale").find(({ data }) => (data as Uint8Array)[0] === byte);
    if (sent === undefined) throw new Error(`expected page ${byte} at ${place}, it was not sent there`);
    if (code === undefined) worker.result(sent.id as number);
    else worker.error(sent.id as number, code);
    await settled();
  }

  /** Ends a worker as by SIGKILL. */
  async crash(place: number): Promise<void> {
    this.at(place).exit({ signal: "SIGKILL" });
    await settled();
  }

  /** Lets the wait before the next start pass, and the worker be ready. */
  async replace(place: number): Promise<void> {
    const before = this.started[place]?.length ?? 0;
    for (let ms = 0; ms < 10_000 && this.started[place]?.length === before; ms += 50) this.clock.advance(50);
    await settled();
    await this.serve(place);
  }

  /** Bytes of the pages that the present process for a device has got, in order. */
  pagesAt(place: number): number[] {
    return this.at(place).pages;
  }

  /** Largest that fits: how many pages of this priority the fleet takes now. */
  async fill(priority: number, byte = 100): Promise<number> {
    let count = 0;
    while (this.fleet.hasRoomFor(priority)) await this.page(byte + count++, priority);
    return count;
  }
}
