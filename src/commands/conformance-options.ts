import { type Command, Option } from "commander";
import { integerFrom } from "./image-options.js";

/** Adds the options of the conformance kit and the command that is held against it. */
export function addConformanceOptions(command: Command): Command {
  return command
    .argument(
      "[command...]",
      "the program under test with its arguments: everything from its name on belongs to it",
    )
    .option("--worker", "the program is a worker", false)
    .option("--client", "the program drives a client library", false)
    .addOption(
      new Option(
        "--filter <text>",
        "only cases whose id contains this; several, separated by commas",
      ).default(null, "all"),
    )
    .addOption(
      new Option("--level <level>", "recommended includes the required cases")
        .choices(["required", "recommended"])
        .default("recommended"),
    )
    .option("--json", "one JSON document at the end", false)
    .addOption(
      new Option(
        "--expected-failures <file>",
        "ids of cases that fail, one a line; one that passes is an error",
      ).default(null, "none"),
    )
    .addOption(
      new Option("--timeout-ms <ms>", "for each step of a case")
        .argParser(integerFrom(100, 600_000))
        .default(10_000),
    )
    .addOption(
      new Option("--jobs <count>", "cases at once")
        .argParser(integerFrom(1, 64))
        .default(null, "one a core, at most 8"),
    )
    .addOption(
      new Option("--cases <folder>", "cases of your own, in its folders worker/ and client/").default(
        null,
        "the package's",
      ),
    )
    .addOption(
      new Option("--fuzz <frames>", "send the worker mutated frames instead")
        .argParser(integerFrom(1, 1e9))
        .default(null, "no"),
    )
    .addOption(
      new Option(
        "--fuzz-reader <streams>",
        "feed mutated streams to this package's own reader instead, no command",
      )
        .argParser(integerFrom(1, 1e9))
        .default(null, "no"),
    )
    .addOption(
      new Option("--seed <number>", "of the mutations").argParser(integerFrom(0, 0xffff_ffff)).default(1),
    )
    .passThroughOptions();
}
