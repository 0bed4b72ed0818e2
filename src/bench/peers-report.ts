import { PROGRAM_NAME } from "../version.js";
import { markdownTable } from "./bench-tables.js";
import type { Comparison, ModelComparison } from "./peers-comparison.js";
import type { Contender } from "./peers-contender.js";
import { mediansOf, type Standing } from "./peers-rounds.js";

/** Where and how the tables were made. */
export interface PeersSetting {
  readonly program: string;
  readonly node: string;
  /** ISO 8601. */
  readonly date: string;
  readonly cores: number;
  readonly pages: readonly string[];
  readonly count: number;
  readonly rounds: number;
  readonly lone: number;
}

const NOTHING = "-";
const FORMAT_NAMES = { webp: "WebP", jpeg: "JPEG", png: "PNG" } as const;

function figure(value: number | null, digits: number, unit = ""): string {
  return value === null || !Number.isFinite(value) ? NOTHING : `${value.toFixed(digits)}${unit}`;
}

function decibels(value: number | string): string {
  if (typeof value === "string") return value;
  return Number.isFinite(value) ? value.toFixed(1) : "identical";
}

/** Whatever a message holds must not end its line or cell. */
function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").replaceAll("|", "\\|");
}

function nameOf({ format, settings }: Pick<Contender, "format" | "settings">): string {
  return `${FORMAT_NAMES[format]} ${settings}`;
}

function rowName({ program, ...output }: Contender): string {
  return `${program === "ours" ? PROGRAM_NAME : "sr-vulkan"}: ${nameOf(output)}`;
}

function rangeOf(efforts: readonly number[]): string {
  const [least, most] = [efforts[0], efforts.at(-1)];
  if (least === undefined) return NOTHING;
  return least === most ? String(least) : `${least} to ${most}`;
}

function standingRow(standing: Standing): readonly string[] {
  const { contender, bytesPerPage, failure } = standing;
  if (failure !== null) return [rowName(contender), "failed"];
  const { pagesPerSecond, aloneMs } = mediansOf(standing);
  const kib = bytesPerPage === null ? null : bytesPerPage / 1024;
  const efforts = [standing.efforts, standing.aloneEfforts].map(rangeOf);
  return [rowName(contender), figure(pagesPerSecond, 2), figure(aloneMs, 0), figure(kib, 0), ...efforts];
}

/** Below the table: a reason may be long. */
function failureLines(standings: readonly Standing[]): readonly string[] {
  const lines = standings.flatMap(({ contender, failure }) =>
    failure === null ? [] : [`- ${rowName(contender)} failed: ${oneLine(failure)}`],
  );
  return lines.length === 0 ? [] : [lines.join("\n")];
}

function comparisonRow({ ours, throughput, alone, bytes, psnrDb }: Comparison): readonly string[] {
  const ratios = [figure(throughput, 2, " x"), figure(alone, 2, " x"), figure(bytes, 2, " x")];
  return [nameOf(ours.contender), ...ratios, oneLine(decibels(psnrDb))];
}

function programsLine({ ours, peer, peerThreads }: ModelComparison): string {
  const device = "failure" in ours ? "no device" : ours.device.name;
  if (peer === null) return `${PROGRAM_NAME} on ${device}; sr-vulkan did not start.`;
  const { decode, upscale, encode } = peerThreads;
  const threads = `${decode} decoders, ${upscale} inferences at once, ${encode} encoders`;
  return `${PROGRAM_NAME} on ${device}; sr-vulkan ${peer.version} on ${peer.device}, ${threads}.`;
}

function weightsLine({ ours, peerWeights }: ModelComparison): string {
  if ("failure" in ours) return `${PROGRAM_NAME} cannot run this model: ${oneLine(ours.failure)}`;
  if (typeof peerWeights !== "string")
    return `sr-vulkan cannot run this model: ${oneLine(peerWeights.failure)}`;
  return ours.weights === peerWeights
    ? `The same weights, SHA-256 ${ours.weights.slice(0, 16)}.`
    : `DIFFERENT weights: SHA-256 ${ours.weights.slice(0, 16)} and ${peerWeights.slice(0, 16)}.`;
}

/** @returns what was compared and how, as Markdown */
export function formatSetting(setting: PeersSetting): string {
  const { program, node, date, cores, pages, count, rounds, lone } = setting;
  return [
    `# ${program} and sr-vulkan`,
    `Node.js ${node}, ${cores} cores, ${date}. ${pages.length} different pages: ${pages.join(", ")}.`,
    `Rounds in which the rows take turns: ${rounds}, of which medians; in each ${count} pages at once, then ${lone} alone. Both programs are`,
    `warm; ${PROGRAM_NAME} is timed from request to answer over its worker's pipes, sr-vulkan inside its process from`,
    "bytes to bytes.",
    "",
    "",
  ].join("\n");
}

/** @returns the tables of one model as Markdown */
export function formatModelComparison(comparison: ModelComparison): string {
  const { model, standings, comparisons } = comparison;
  const timed = standings.filter(({ contender, failure }) => contender.format !== "png" || failure !== null);
  return [
    `## ${model.title}`,
    `${programsLine(comparison)} ${weightsLine(comparison)}`,
    markdownTable(
      ["program", "pages/s", "alone ms", "KiB a page", "effort", "effort alone"],
      timed.map(standingRow),
    ),
    ...failureLines(standings),
    "Against sr-vulkan's best tile; more than 1 is faster, or more bytes; dB between the two outputs of the first page:",
    markdownTable(["output", "pages/s", "alone", "bytes", "dB"], comparisons.map(comparisonRow)),
    "",
  ].join("\n\n");
}

function jsonStanding(standing: Standing): object {
  const { contender, pagesPerSecond, aloneMs, bytesPerPage, efforts, aloneEfforts, failure } = standing;
  const { program, format, settings } = contender;
  return { program, format, settings, pagesPerSecond, aloneMs, bytesPerPage, efforts, aloneEfforts, failure };
}

function jsonComparison({ ours, throughput, alone, bytes, psnrDb }: Comparison): object {
  const { format, settings } = ours.contender;
  // JSON has no infinity, which is what two equal images have.
  const dB = psnrDb === Number.POSITIVE_INFINITY ? "identical" : psnrDb;
  return { format, settings, throughput, alone, bytes, psnrDb: dB };
}

/** @returns everything that was measured, each round by itself: milliseconds, bytes, decibels */
export function peersReport(setting: PeersSetting, comparisons: readonly ModelComparison[]): object {
  const models = comparisons.map(
    ({ model, ours, peer, peerThreads, peerWeights, standings, comparisons: against }) => ({
      ...{ model: model.name, title: model.title, ours, peer, peerThreads, peerWeights },
      standings: standings.map(jsonStanding),
      comparisons: against.map(jsonComparison),
    }),
  );
  return { setting, models };
}
