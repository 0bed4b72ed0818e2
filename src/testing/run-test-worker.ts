import { writeSync } from "node:fs";
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { EXIT, type ExitCode } from "../../protocol/error-codes.js";
import { DEFAULT_WORKER_LIMITS, type WorkerLimits } from "../../protocol/limits.js";
import { parseMaxMemory } from "../commands/engine-options.js";
import { integerFrom } from "../commands/image-options.js";
import { LEAST_MEMORY_MB } from "../commands/memory-shares.js";
import { boundMemory, type OpenedStages } from "../commands/open-stages.js";
import { addLogOptions, type LogChoice, openLog } from "../commands/program-log.js";
import { runProgram } from "../commands/run-program.js";
import { serveWithFleet } from "../commands/supervise.js";
import { serve, toLoaded, usageOf } from "../commands/worker.js";
import type { Engine } from "../engine/engine.js";
import { FatalError } from "../errors.js";
import { startFleet } from "../fleet/start-fleet.js";
import type { LoadedStages } from "../session/session.js";
import { configureCodecs } from "../stages/codec-settings.js";
import { PageScales } from "../stages/page-scales.js";
import { createPageStages } from "../stages/page-stages.js";
import { PagePipeline } from "../stages/pipeline.js";
import { openWebpEncoder } from "../stages/webp-encoder.js";
import { PROGRAM_VERSION } from "../version.js";
import type { GuardedStdout } from "../wire/stdout-guard.js";
import { openDoomedEngine } from "./doomed-engine.js";
import { addFault, type Faults, NO_FAULTS, PAGE_FAULTS, PROCESS_FAULTS } from "./faults.js";
import { realFaultActions, withFaults } from "./faulty-stages.js";
import { NearestEngine } from "./nearest-engine.js";
import { testFleet } from "./test-fleet.js";
import { injectUnknown } from "./unknown-injector.js";

interface TestWorkerChoice extends LogChoice {
  readonly fault: Faults;
  readonly limit: Partial<WorkerLimits>;
  readonly tileSize: number;
  readonly maxMemory: number;
}

const PIPELINE_LIMITS = {
  decode: { concurrency: 1, places: 2 },
  upscale: { concurrency: 1, places: 2 },
  encode: { concurrency: 2, places: 2 },
};

function addLimit(text: string, limits: Partial<WorkerLimits>): Partial<WorkerLimits> {
  const [, name = "", value = ""] = /^(\w+)=(\d+)$/.exec(text) ?? [];
  if (!Object.hasOwn(DEFAULT_WORKER_LIMITS, name)) {
    const known = Object.keys(DEFAULT_WORKER_LIMITS).join(", ");
    throw new InvalidArgumentError(`expected NAME=INTEGER, NAME being one of ${known}, received '${text}'`);
  }
  return { ...limits, [name]: Number(value) };
}

function parseTileSize(text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new InvalidArgumentError(`expected an integer from 1, received '${text}'`);
}

function makeNoise(): void {
  // biome-ignore lint/suspicious/noConsole: the guard of standard output is tested with it
  console.log("noise from JavaScript");
  writeSync(1, "noise from native code\n");
}

/** The real network on a device that will be lost, or the engine for tests. */
function openTestEngine({ fault, tileSize }: TestWorkerChoice): Promise<Engine> | Engine {
  if (fault.process.has("lose-gpu")) return openDoomedEngine(fault.process.get("lose-gpu") ?? 2, tileSize);
  return new NearestEngine({ tileSize, tileMs: fault.process.get("slow") ?? 0 });
}

async function openFaultyStages(choice: TestWorkerChoice, stdout: GuardedStdout): Promise<OpenedStages> {
  configureCodecs();
  const { fault, limit } = choice;
  const engine = await openTestEngine(choice);
  const maxInputPixels = limit.maxInputPixels ?? DEFAULT_WORKER_LIMITS.maxInputPixels;
  const scales = new PageScales(engine.scale, null);
  const encoders = PIPELINE_LIMITS.encode.concurrency;
  const log = openLog(choice);
  const webp = openWebpEncoder(log);
  const stages = createPageStages(engine, {
    maxInputPixels,
    programVersion: PROGRAM_VERSION,
    scales,
    encoders,
    webp,
  });
  const onPage = fault.process.has("stdout-noise") ? makeNoise : () => undefined;
  const actions = realFaultActions((text) => void stdout.stream.write(text));
  const faulty = withFaults(stages, fault.page, actions, onPage);
  const pipeline = new PagePipeline(faulty, PIPELINE_LIMITS, () => performance.now());
  const settings = { maxInputPixels, maxMemoryMb: choice.maxMemory };
  return { engine, scales, pipeline, ...boundMemory(pipeline, faulty, { engine, scales }, settings, log) };
}

async function load(faults: Faults["process"], opening: Promise<OpenedStages>): Promise<LoadedStages> {
  if (faults.has("no-device")) {
    throw new FatalError("gpu_init_failed", "expected a device, received none, as the test asked");
  }
  if (faults.has("never-ready")) await new Promise(() => undefined);
  return toLoaded(await opening);
}

async function runTestWorker(choice: TestWorkerChoice, stdout: GuardedStdout): Promise<ExitCode> {
  const { process: faults } = choice.fault;
  if (faults.has("exit-at-start")) return (faults.get("exit-at-start") ?? EXIT.internal) as ExitCode;
  if (faults.has("stdout-noise")) makeNoise();
  const opening = openFaultyStages(choice, stdout);
  // A failure is told to the client by the session; here it only must not count as unhandled.
  let loaded: OpenedStages | null = null;
  opening.then(
    (opened) => {
      loaded = opened;
    },
    () => undefined,
  );
  return serve(faults.has("inject-unknown") ? injectUnknown(stdout.stream) : stdout.stream, {
    stages: load(faults, opening),
    limits: choice.limit,
    readUsage: () => usageOf(loaded),
    log: openLog(choice),
  });
}

function describeFaults(): string {
  const line = (name: string, meaning: string) => `  ${name.padEnd(28)}${meaning}`;
  return [
    "\nFaults; -on=N is the n-th page that reaches the engine, -on=TEXT every page whose bytes contain TEXT:",
    ...Object.entries(PAGE_FAULTS).map(([name, meaning]) => line(`${name}[-on=N|TEXT]`, meaning)),
    ...Object.entries(PROCESS_FAULTS).map(([name, meaning]) => line(name, meaning)),
  ].join("\n");
}

/** The program's own supervisor with test workers, each with the same options. */
function runTestFleet(workers: number, choice: TestWorkerChoice, stdout: GuardedStdout): Promise<ExitCode> {
  const log = openLog(choice);
  const args = process.argv.slice(2);
  args.splice(args.indexOf("--fleet"), 2);
  const started = startFleet(testFleet(workers, args, choice), log);
  return serveWithFleet(stdout.stream, started, { limits: choice.limit, log });
}

let running: Promise<ExitCode> | null = null;
const command = addLogOptions(new Command("test-worker"), "warn")
  .description("the worker with a nearest-neighbour engine and faults on demand, for tests of clients")
  .exitOverride()
  .addHelpText("after", describeFaults())
  .addOption(
    new Option("--fault <fault>", "may be given several times")
      .argParser(addFault)
      .default(NO_FAULTS, "none"),
  )
  .addOption(
    new Option("--limit <name=value>", "a limit of the worker, several times")
      .argParser(addLimit)
      .default({}, ""),
  )
  .addOption(
    new Option("--fleet <count>", "a supervisor with so many test workers, each with the other options")
      .argParser(integerFrom(1, 16))
      .default(null, "no"),
  )
  .addOption(new Option("--tile-size <pixels>", "tile side").argParser(parseTileSize).default(256))
  .addOption(
    new Option("--max-memory <MB>", "as of the worker").argParser(parseMaxMemory).default(LEAST_MEMORY_MB),
  )
  .action(({ fleet, ...choice }: TestWorkerChoice & { readonly fleet: number | null }) => {
    running = runProgram((stdout) =>
      fleet === null ? runTestWorker(choice, stdout) : runTestFleet(fleet, choice, stdout),
    );
  });

try {
  await command.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
}
if (running !== null) process.exit(await running);
