import { SIGNAL_EXIT } from "../../protocol/error-codes.js";

type Interrupt = keyof typeof SIGNAL_EXIT;
const SIGNALS = Object.keys(SIGNAL_EXIT) as Interrupt[];

/** The process was asked to end; the reason of `Interruption.signal`. */
export class Interrupted extends Error {
  readonly signalName: Interrupt;

  constructor(signalName: Interrupt) {
    super(`received ${signalName}`);
    this.name = "Interrupted";
    this.signalName = signalName;
  }

  /** Ends the process as the signal would have, so that a shell sees it and stops its loop. Does not return. */
  endProcess(): never {
    process.kill(process.pid, this.signalName);
    // Reached only where the parent has the signal ignored.
    process.exit(SIGNAL_EXIT[this.signalName]);
  }
}

/** Turns the first signal to end into an abort, so that nothing is left half done; a second one ends the process at once. */
export function watchInterrupts(): AbortSignal {
  const controller = new AbortController();
  const onSignal = (name: Interrupt): void => {
    for (const signal of SIGNALS) process.removeListener(signal, onSignal);
    controller.abort(new Interrupted(name));
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return controller.signal;
}
