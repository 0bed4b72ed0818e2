import { availableParallelism } from "node:os";
import { type Command, InvalidArgumentError, Option } from "commander";
import { PEER_MODELS } from "../bench/peers-models.js";
import type { Effort } from "../bench/peers-ours.js";
import type { PeerThreads } from "../bench/peers-sr-vulkan.js";
import { parseOneDevice } from "./device-choice.js";
import { integerFrom } from "./image-options.js";
import { repeatable } from "./option-parsers.js";

/** What the command line says about a comparison with other programs, parsed and checked. */
export interface BenchPeersChoice {
  /** Folder of the published models. */
  readonly models: string;
  readonly gpuId: number | "auto";
  /** Names in PEER_MODELS. */
  readonly model: readonly string[];
  /** WebP efforts of our side. */
  readonly effort: readonly Effort[];
  /** Tile sides of the peer, input pixels. */
  readonly tile: readonly number[];
  /** Decoders, inferences and encoders of the peer; null: the best for the device. */
  readonly peerThreads: Omit<PeerThreads, "cpu"> | null;
  readonly count: number;
  readonly rounds: number;
  readonly lone: number;
  /** Seconds. */
  readonly timeout: number;
  readonly wheels: string | null;
  readonly python: string;
  readonly json: string | null;
}

const DEFAULT_TILES: readonly number[] = [400, 1200];
const DEFAULT_EFFORTS: readonly Effort[] = [null, 4];
const ALL_MODELS: readonly string[] = PEER_MODELS.map(({ name }) => name);
const MOST_THREADS = 128;

/** Enough turns for each encoder that the first and last pages, with which some of them idle, weigh little. */
const PAGES_PER_CORE = 6;

function parseModel(text: string): string {
  if (ALL_MODELS.includes(text)) return text;
  throw new InvalidArgumentError(`expected one of ${ALL_MODELS.join(", ")}, received '${text}'`);
}

function parseThreads(text: string): BenchPeersChoice["peerThreads"] {
  const [decode, upscale, encode, ...rest] = text.split(",").map(integerFrom(1, MOST_THREADS));
  if (decode === undefined || upscale === undefined || encode === undefined || rest.length > 0) {
    throw new InvalidArgumentError(`expected DECODERS,INFERENCES,ENCODERS, received '${text}'`);
  }
  return { decode, upscale, encode };
}

/**
 * The fastest that was found: four decoders and two inferences at once feed a GPU; on the CPU one inference takes all
 * cores.
 */
export function peerThreads(given: BenchPeersChoice["peerThreads"], isCpu: boolean): PeerThreads {
  const cores = Math.min(availableParallelism(), MOST_THREADS);
  return { ...(given ?? { decode: 4, upscale: isCpu ? 1 : 2, encode: cores }), cpu: cores };
}

/** Adds the pages and options of `bench peers`. */
export function addBenchPeersOptions(command: Command): Command {
  return command
    .argument("[pages...]", "image files instead of the page that comes with the program")
    .requiredOption("--models <folder>", "holds the published models, one folder a family")
    .addOption(
      new Option("-g, --gpu-id <id>", "Vulkan device, -1 for the CPU, auto for the best one")
        .argParser(parseOneDevice)
        .default("auto"),
    )
    .addOption(
      new Option("-m, --model <name>", "model to compare; may be repeated")
        .argParser(repeatable(parseModel, ALL_MODELS))
        .default(ALL_MODELS, ALL_MODELS.join(", ")),
    )
    .addOption(
      new Option("--effort <0-6|auto>", "WebP effort of this program; may be repeated")
        .argParser(repeatable((text) => (text === "auto" ? null : integerFrom(0, 6)(text)), DEFAULT_EFFORTS))
        .default(DEFAULT_EFFORTS, "auto, 4"),
    )
    .addOption(
      new Option("--tile <pixels>", "tile side of sr-vulkan; may be repeated")
        .argParser(repeatable(integerFrom(32, 16_384), DEFAULT_TILES))
        .default(DEFAULT_TILES, DEFAULT_TILES.join(", ")),
    )
    .addOption(
      new Option("--peer-threads <d,u,e>", "decoders, inferences at once and encoders of sr-vulkan")
        .argParser(parseThreads)
        .default(null, "4, 2 (on the CPU 1), one a core"),
    )
    .addOption(
      new Option("--count <pages>", "pages given at once")
        .argParser(integerFrom(1, 10_000))
        .default(PAGES_PER_CORE * availableParallelism(), "six for each core"),
    )
    .addOption(
      new Option("--rounds <count>", "rounds in which all take turns")
        .argParser(integerFrom(1, 100))
        .default(3),
    )
    .addOption(
      new Option("--lone <pages>", "pages of a round that are given alone")
        .argParser(integerFrom(1, 100))
        .default(3),
    )
    .addOption(
      new Option("--timeout <seconds>", "how long a turn may take until its row is given up")
        .argParser(integerFrom(1, 3600))
        .default(300),
    )
    .addOption(
      new Option(
        "--wheels <folder>",
        "wheels of sr-vulkan and its models, where there is no network",
      ).default(null, "from the package index"),
    )
    .addOption(new Option("--python <command>", "a Python with pip").default("python3"))
    .addOption(new Option("--json <file>", "also write everything as JSON").default(null, "none"));
}
