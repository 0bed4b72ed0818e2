import { tmpdir } from "node:os";
import { type Command, Option } from "commander";
import { integerFrom } from "./image-options.js";

/** What the command line says about a benchmark of files, parsed and checked. */
export interface BenchFilesChoice {
  readonly folder: string;
  readonly files: number;
  readonly pages: number;
  readonly rounds: number;
  readonly json: string | null;
}

/** Adds the options of `bench files`. */
export function addBenchFilesOptions(command: Command): Command {
  return command
    .addOption(new Option("--folder <folder>", "where files are made for it, and removed").default(tmpdir()))
    .addOption(
      new Option("--files <count>", "files read and written without codecs")
        .argParser(integerFrom(1, 100_000))
        .default(300),
    )
    .addOption(
      new Option("--pages <count>", "of them, decoded and encoded as well")
        .argParser(integerFrom(1, 100_000))
        .default(10),
    )
    .addOption(
      new Option("--rounds <count>", "how often the ways take turns")
        .argParser(integerFrom(1, 100))
        .default(5),
    )
    .addOption(new Option("--json <file>", "also write everything as JSON").default(null, "none"));
}
