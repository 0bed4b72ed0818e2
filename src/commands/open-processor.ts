import type { Log } from "../log.js";
import type { ReadyInfo } from "../session/request-options.js";
import type { PageProcessor } from "../stages/job.js";
import type { WorkerChoice } from "./device-choice.js";
import type { StagesChoice } from "./open-stages.js";
import type { LogChoice } from "./program-log.js";

/** What pages are given to, wherever they are computed. */
export interface OpenedProcessor {
  readonly processor: PageProcessor;
  readonly ready: ReadyInfo;
  /** Settles when every device is given back. */
  close(): Promise<void>;
}

/**
 * Opens one device in this process, or several in a process each.
 *
 * @throws {FatalError} gpu_init_failed, internal_fatal
 * @throws {UpscalerError} unsupported_option: too little memory for so many devices
 */
export async function openProcessor(
  choice: WorkerChoice & StagesChoice & LogChoice,
  log: Log,
): Promise<OpenedProcessor> {
  const { gpuId } = choice;
  if (typeof gpuId === "object") {
    const { openFleet } = await import("./open-fleet.js");
    const { fleet, loaded } = await openFleet(choice, log);
    try {
      return { ...(await loaded), close: () => fleet.close() };
    } catch (thrown) {
      await fleet.close();
      throw thrown;
    }
  }
  const [{ openStages }, { toLoaded }] = await Promise.all([
    import("./open-stages.js"),
    import("./worker.js"),
  ]);
  const opened = await openStages({ ...choice, gpuId }, log);
  return { ...toLoaded(opened), close: () => opened.engine.close() };
}
