import { InvalidArgumentError } from "commander";

/** Faults that a page sets off when it reaches the engine. */
export const PAGE_FAULTS = {
  crash: "the process ends by SIGKILL",
  hang: "the process blocks: it answers nothing any more, not even a signal",
  stall: "the page never ends; the process goes on",
  "out-of-memory": "the page is answered out_of_memory",
  "device-lost": "the device is lost: gpu_lost, goaway, exit code 75",
  garbage: "text is written between the frames, as by an unguarded library",
} as const;

/** Faults of the whole process, some with a value. */
export const PROCESS_FAULTS = {
  "exit-at-start": "exit before hello, with the code that is its value (70)",
  "no-device": "fatal gpu_init_failed instead of ready",
  "never-ready": "neither ready nor fatal",
  "stdout-noise": "console.log and writes to file descriptor 1, at the start and with every page",
  "inject-unknown": "unknown messages and fields from a future version",
  "lose-gpu":
    "the real network on the first Vulkan device, whose n-th submission is lost, n being the value (2)",
  slow: "every tile takes as many milliseconds as its value says",
} as const;

export type PageFault = keyof typeof PAGE_FAULTS;
export type ProcessFault = keyof typeof PROCESS_FAULTS;

/** A page fault and the pages that set it off: the n-th one, those whose bytes contain a text, or every one. */
export interface PageFaultRule {
  readonly fault: PageFault;
  readonly on: number | string | null;
}

export interface Faults {
  readonly page: readonly PageFaultRule[];
  /** The value is null where none was given. */
  readonly process: ReadonlyMap<ProcessFault, number | null>;
}

export const NO_FAULTS: Faults = { page: [], process: new Map() };

const WITH_VALUE: ReadonlySet<ProcessFault> = new Set(["exit-at-start", "lose-gpu", "slow"]);

/**
 * Adds one `--fault` of the command line: NAME, NAME=VALUE, or NAME-on=N and NAME-on=TEXT for a page fault.
 *
 * @throws {InvalidArgumentError}
 */
export function addFault(text: string, faults: Faults): Faults {
  const equals = text.indexOf("=");
  const name = equals < 0 ? text : text.slice(0, equals);
  const value = equals < 0 ? null : text.slice(equals + 1);
  const pageFault = name.replace(/-on$/, "");
  if (Object.hasOwn(PAGE_FAULTS, pageFault) && (value !== null) === name.endsWith("-on")) {
    return { ...faults, page: [...faults.page, { fault: pageFault as PageFault, on: parseTrigger(value) }] };
  }
  if (!Object.hasOwn(PROCESS_FAULTS, name)) {
    const pages = Object.keys(PAGE_FAULTS).map((known) => `${known}[-on=N|TEXT]`);
    throw new InvalidArgumentError(
      `expected one of ${[...pages, ...Object.keys(PROCESS_FAULTS)].join(", ")}, received '${text}'`,
    );
  }
  const fault = name as ProcessFault;
  return { ...faults, process: new Map([...faults.process, [fault, parseValue(fault, value)]]) };
}

function parseTrigger(value: string | null): PageFaultRule["on"] {
  if (value === "")
    throw new InvalidArgumentError("expected a number or a text after -on=, received nothing");
  return value !== null && /^[1-9]\d*$/.test(value) ? Number(value) : value;
}

function parseValue(fault: ProcessFault, value: string | null): number | null {
  if (value === null && fault !== "slow") return null;
  if (value === null || !WITH_VALUE.has(fault) || !/^\d+$/.test(value)) {
    const expected = WITH_VALUE.has(fault) ? "an integer" : "no value";
    throw new InvalidArgumentError(`expected ${expected} for ${fault}, received '${value ?? ""}'`);
  }
  return Number(value);
}
