import { type Command, Option } from "commander";
import { type DeviceChoice, parseDevices } from "./device-choice.js";
import { integerFrom } from "./image-options.js";
import { repeatable } from "./option-parsers.js";

/** What the command line says about a benchmark of several devices, parsed and checked. */
export interface BenchFleetChoice {
  readonly gpuId: DeviceChoice;
  /** Names or paths; empty for the default model. */
  readonly model: readonly string[];
  readonly effort: number;
  readonly count: number;
  readonly rounds: number;
  /** File for everything as JSON; null for none. */
  readonly json: string | null;
}

/** Adds the pages and options of `bench fleet`. */
export function addBenchFleetOptions(command: Command): Command {
  const noModels: readonly string[] = [];
  return command
    .argument("[pages...]", "image files instead of the page that comes with the program")
    .addOption(
      new Option("-g, --gpu-id <id,...>", "devices to compare one of with more of, as in 0,1,2,3")
        .argParser(parseDevices)
        .makeOptionMandatory(),
    )
    .addOption(
      new Option("-m, --model <name|path>", "model to measure; may be repeated")
        .argParser(repeatable((text) => text, noModels))
        .default(noModels, "the default model"),
    )
    .addOption(new Option("--effort <0-6>", "WebP effort").argParser(integerFrom(0, 6)).default(2))
    .addOption(
      new Option("--count <pages>", "pages of a round for each device")
        .argParser(integerFrom(1, 10_000))
        .default(48),
    )
    .addOption(
      new Option("--rounds <count>", "how often each row is measured, the rows taking turns")
        .argParser(integerFrom(1, 100))
        .default(3),
    )
    .addOption(new Option("--json <file>", "also write everything as JSON").default(null, "none"));
}
