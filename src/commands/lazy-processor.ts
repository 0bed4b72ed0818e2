import { orAborted } from "../or-aborted.js";
import type { PageJob, PageProcessor, PageResult } from "../stages/job.js";
import type { OpenedProcessor } from "./open-processor.js";

type Opened = Pick<OpenedProcessor, "processor" | "close">;

/** A processor that is opened by the first page: a run that finds everything done already loads no model. */
export class LazyProcessor implements Pick<PageProcessor, "process"> {
  readonly #open: () => Promise<Opened>;
  #opening: Promise<Opened> | null = null;

  constructor(open: () => Promise<Opened>) {
    this.#open = open;
  }

  /** @throws what opening throws, for every page */
  async process(job: PageJob): Promise<PageResult> {
    this.#opening ??= this.#open();
    const { processor } = await orAborted(this.#opening, job.signal);
    return processor.process(job);
  }

  /** Waits for a model that is being loaded, too. */
  async close(): Promise<void> {
    const opened = await this.#opening?.catch(() => null);
    await opened?.close();
  }
}
