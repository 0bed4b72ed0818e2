import { type Command, InvalidArgumentError, Option } from "commander";
import { integerFrom } from "./image-options.js";
import { firstOf } from "./option-parsers.js";
import type { StageJobs } from "./pipeline-limits.js";

const MOST_JOBS = 256;

/** "load:proc:save"; of several counts for several GPUs, the first. */
export function parseJobs(text: string): StageJobs {
  const counts = text.split(":").map((part) => integerFrom(1, MOST_JOBS)(firstOf(part)));
  const [load, proc, save, ...others] = counts;
  if (load === undefined || proc === undefined || save === undefined || others.length > 0) {
    throw new InvalidArgumentError(`expected LOAD:PROC:SAVE, received '${text}'`);
  }
  return { load, proc, save };
}

/** Adds what the command line may say about the stages around the engine, see StagesChoice. */
export function addStageOptions(command: Command): Command {
  return command
    .addOption(
      new Option("-j, --jobs <load:proc:save>", "pages read, upscaled and encoded side by side")
        .argParser(parseJobs)
        .default(null, "by cores and device"),
    )
    .option(
      "-x, --tta",
      "average over eight orientations of each page: eight times slower, about 0.2 dB better",
      false,
    );
}
