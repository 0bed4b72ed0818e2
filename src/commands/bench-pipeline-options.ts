import { availableParallelism } from "node:os";
import { type Command, Option } from "commander";
import { OUTPUT_FORMATS, type OutputFormat } from "../stages/page.js";
import { addEngineOptions, type EngineChoice } from "./engine-options.js";
import { integerFrom } from "./image-options.js";

/** What the command line says about a benchmark of the pipeline, parsed and checked. */
export interface BenchPipelineChoice extends EngineChoice {
  readonly format: OutputFormat;
  readonly quality: number;
  /** The same for every page: costs of pages that are written with more care in idle moments could not be compared. */
  readonly effort: number;
  readonly count: number;
  readonly rounds: number;
  /** Files for everything as JSON and for the timeline; null for none. */
  readonly json: string | null;
  readonly svg: string | null;
}

/** Pages for each core: every encoder is then seen at several of them. */
const PAGES_PER_CORE = 6;

/** Adds the pages and options of `bench pipeline`. */
export function addBenchPipelineOptions(command: Command): Command {
  return addEngineOptions(
    command.argument("[pages...]", "image files instead of the page that comes with the program"),
  )
    .addOption(new Option("-f, --format <format>", "output format").choices(OUTPUT_FORMATS).default("webp"))
    .addOption(
      new Option("-q, --quality <1-100>", "lossy quality").argParser(integerFrom(1, 100)).default(90),
    )
    .addOption(
      new Option("--effort <0-6>", "time spent on smaller files").argParser(integerFrom(0, 6)).default(2),
    )
    .addOption(
      new Option("--count <pages>", "pages of a round through the full pipeline")
        .argParser(integerFrom(1, 100_000))
        .default(PAGES_PER_CORE * availableParallelism()),
    )
    .addOption(
      new Option("--rounds <count>", "how often one page at a time and the full pipeline take turns")
        .argParser(integerFrom(1, 100))
        .default(2),
    )
    .addOption(new Option("--json <file>", "also write everything as JSON").default(null, "none"))
    .addOption(
      new Option("--svg <file>", "also draw who worked on which page when, in the last round").default(
        null,
        "none",
      ),
    );
}
