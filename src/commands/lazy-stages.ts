import { orAborted } from "../or-aborted.js";
import type { PageJob, PageProcessor, PageResult } from "../stages/job.js";
import type { OpenedStages } from "./open-stages.js";

/** Stages that are opened by the first page: a run that finds everything done already loads no model. */
export class LazyStages implements Pick<PageProcessor, "process"> {
  readonly #open: () => Promise<OpenedStages>;
  #opening: Promise<OpenedStages> | null = null;

  constructor(open: () => Promise<OpenedStages>) {
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
    await opened?.engine.close();
  }
}
