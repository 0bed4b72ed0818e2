import { type Command, Option } from "commander";
import type { WorkerChoice } from "./device-choice.js";
import type { ImageChoice } from "./image-options.js";
import { firstOf, repeatable } from "./option-parsers.js";
import type { StageJobs } from "./pipeline-limits.js";
import type { LogChoice } from "./program-log.js";
import { addStageOptions } from "./stage-options.js";

/** What the command line says about `upscale`, parsed and checked. */
export interface UpscaleOptions extends Omit<WorkerChoice, "noise">, ImageChoice, LogChoice {
  readonly input: readonly string[];
  readonly output: string;
  /** A name is a model's, as Real-ESRGAN's own program has it. */
  readonly noise: number | string | null;
  readonly extract: boolean;
  readonly skipExisting: boolean;
  readonly dryRun: boolean;
  readonly json: boolean;
  readonly jobs: StageJobs | null;
  readonly tta: boolean;
  readonly verbose: boolean;
}

/** Lets an option that the command has already take what its parser would refuse, and says so. */
function widen(
  command: Command,
  name: string,
  also: string,
  before: (text: string) => { readonly value: unknown } | string,
): void {
  const option = command.options.find((each) => each.attributeName() === name);
  const parse = option?.parseArg;
  if (option === undefined || parse === undefined)
    throw new Error(`expected an option ${name} with a parser`);
  option.description += `; ${also}`;
  option.argParser((text, previous) => {
    const widened = before(text);
    return typeof widened === "string" ? parse(widened, previous as never) : widened.value;
  });
}

/**
 * Adds the arguments and options that `upscale` has beside those of engine, image and log, which it has already. Those
 * of the ncnn programs mean here what they mean there.
 */
export function addUpscaleOptions(command: Command): Command {
  const none: readonly string[] = [];
  widen(command, "tileSize", "of a list, the first counts", firstOf);
  const isLevel = (text: string): boolean => /^-?\d/.test(text);
  widen(command, "noise", "or a model's name", (text) => (isLevel(text) ? text : { value: text }));
  addStageOptions(command);
  return command
    .argument("[inputs...]", "images, folders, and CBZ, ZIP, CBR, RAR, CB7 or 7z archives")
    .addOption(
      new Option("-i, --input <path>", "one more input; may be repeated")
        .argParser(repeatable((text) => text, none))
        .default(none, "none"),
    )
    .requiredOption(
      "-o, --output <path>",
      "an image (.webp, .jpg, .png), an archive (.cbz, .zip), or a folder, where archives become archives",
    )
    .option("--extract", "write the pages of archives into folders instead of archives", false)
    .option(
      "--skip-existing",
      "leave outputs that are there already as they are; goes on after a broken run",
      false,
    )
    .option("--dry-run", "list on stdout what would be done, and do nothing", false)
    .option(
      "--json",
      "one JSON object a line on stdout for everything that is done, see docs/batch.md",
      false,
    )
    .option("-v, --verbose", "the same as --log-level debug", false);
}
