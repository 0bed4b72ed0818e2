import { constants } from "node:os";
import { type ExitCode, SIGNAL_EXIT } from "../../protocol/error-codes.js";
import { UpscalerError } from "../errors.js";

type StopSignal = keyof typeof SIGNAL_EXIT;

/** The user's wish to end: the first one ends the work in order, the second one the process. */
export class StopSignals {
  readonly #controller = new AbortController();
  #exitCode: ExitCode | null = null;

  /** @param endNow ends the process without waiting for anything */
  constructor(endNow: (exitCode: ExitCode) => void) {
    for (const name of Object.keys(SIGNAL_EXIT) as StopSignal[]) {
      process.on(name, () => {
        const exitCode = SIGNAL_EXIT[name];
        if (this.#exitCode !== null) endNow(exitCode);
        this.#exitCode = exitCode;
        this.stop(`${name} (signal ${constants.signals[name]}) was received`);
      });
    }
  }

  /** Aborted with an UpscalerError as its reason. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** What the process ends with because of a signal; null when there was none. */
  get exitCode(): ExitCode | null {
    return this.#exitCode;
  }

  /** @param why completes "ended early: ..." */
  stop(why: string): void {
    this.#controller.abort(new UpscalerError("cancelled", `ended early: ${why}`));
  }
}
