import { subjectName } from "./bench-subject.js";
import type { BenchRow, PageBench } from "./engine-bench.js";
import type { PageSample } from "./measure-page.js";

/** @returns a Markdown table with columns as wide as their longest cell, numbers to the right */
export function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, column) =>
    Math.max(3, title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    `| ${widths
      .map((width, column) =>
        column === 0 ? (cells[column] ?? "").padEnd(width) : (cells[column] ?? "").padStart(width),
      )
      .join(" | ")} |`;
  const rule = `| ${widths.map((width, column) => (column === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`)).join(" | ")} |`;
  return [line(header), rule, ...rows.map(line)].join("\n");
}

const NOTHING = "-";

function milliseconds(ms: number | null): string {
  return ms === null ? NOTHING : ms.toFixed(1);
}

function mebibytes(mib: number | null): string {
  return mib === null ? NOTHING : mib.toFixed(0);
}

function decibels(value: number): string {
  return Number.isFinite(value) ? value.toFixed(1) : "identical";
}

const SAMPLE_COLUMNS = [
  ...["tile", "tiles", "network ms", "whole call ms", "crossing ms", "device MiB", "process MiB", "dB"],
];

/** @returns cells for SAMPLE_COLUMNS */
function sampleCells(sample: PageSample): readonly string[] {
  const { tile, tiles, networkMs, wholeMs, peakMb, rssMb, psnrDb } = sample;
  return [
    ...[String(tile), String(tiles), milliseconds(networkMs), milliseconds(wholeMs)],
    milliseconds(networkMs === null ? null : wholeMs - networkMs),
    mebibytes(peakMb),
    ...[rssMb.toFixed(0), decibels(psnrDb)],
  ];
}

/** Whatever a message holds must not end its cell. */
function oneCell(text: string | null): string {
  return (text ?? "").replaceAll(/\s+/g, " ").replaceAll("|", "\\|");
}

function rowsOf<Key>(rows: readonly BenchRow<Key>[], nameOf: (key: Key) => string): readonly string[][] {
  return rows.map(({ key, sample, failure }) =>
    sample === null ? [nameOf(key), `failed: ${oneCell(failure)}`] : [nameOf(key), ...sampleCells(sample)],
  );
}

/** Pages per second, and how much of that time the network would take alone. */
function inFlightTable({ inFlight, subjects, chosen }: PageBench): string {
  const [alone] = inFlight;
  const networkMs = subjects.find(({ key }) => key === chosen)?.sample?.networkMs ?? null;
  const rows = inFlight.map(({ inFlight: count, pagesPerSecond, peakMb }) => [
    String(count),
    pagesPerSecond.toFixed(2),
    (pagesPerSecond / (alone?.pagesPerSecond ?? Number.NaN)).toFixed(2),
    networkMs === null ? NOTHING : `${(pagesPerSecond * networkMs * 0.1).toFixed(0)} %`,
    mebibytes(peakMb),
  ]);
  return markdownTable(["in flight", "pages/s", "times one", "network's share", "device MiB"], rows);
}

/** @returns the tables of one page as Markdown */
export function formatPageBench(bench: PageBench, isCpu: boolean): string {
  const { model, page, subjects, chosen, tiles } = bench;
  const name = subjectName(chosen, isCpu);
  const tileName = (tile: number) => (tile === 0 ? "automatic" : String(tile));
  return [
    `## ${model.name}, ${page.name}, ${page.width} x ${page.height} -> ${page.width * model.scale} x ${page.height * model.scale}`,
    markdownTable(
      [isCpu ? "threads" : "arithmetic", ...SAMPLE_COLUMNS],
      rowsOf(subjects, (subject) => subjectName(subject, isCpu)),
    ),
    `Tiles, ${name}:`,
    markdownTable(["asked for", ...SAMPLE_COLUMNS], rowsOf(tiles, tileName)),
    `Calls in flight, ${name}:`,
    inFlightTable(bench),
    "",
  ].join("\n\n");
}
