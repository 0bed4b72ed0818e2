import { arithmeticName } from "../engine/arithmetic.js";
import type { BenchSubject } from "./bench-subject.js";
import type { BenchRow, PageBench } from "./engine-bench.js";
import type { PageSample } from "./measure-page.js";

/** Where and how the tables were made. */
export interface BenchSetting {
  readonly program: string;
  readonly node: string;
  readonly device: string;
  readonly driver: string;
  /** ISO 8601. */
  readonly date: string;
  readonly rounds: number;
  readonly count: number;
}

/** JSON has no infinity, which is what two equal images have. */
function jsonSample(sample: PageSample) {
  return { ...sample, psnrDb: Number.isFinite(sample.psnrDb) ? sample.psnrDb : "identical" };
}

function jsonRow<Key>({ sample, failure }: BenchRow<Key>, key: object) {
  return sample === null ? { ...key, failure } : { ...key, ...jsonSample(sample) };
}

function jsonSubject({ arithmetic, threads }: BenchSubject) {
  return { arithmetic: arithmeticName(arithmetic), threads };
}

/** @returns everything that was measured, as plain values: milliseconds, MiB, decibels */
export function benchReport(setting: BenchSetting, benches: readonly PageBench[]): object {
  return {
    setting,
    pages: benches.map(({ model, page, subjects, chosen, tiles, inFlight }) => ({
      model: { name: model.name, family: model.family, scale: model.scale, sha256: model.sha256 },
      page,
      subjects: subjects.map((row) => jsonRow(row, jsonSubject(row.key))),
      chosen: jsonSubject(chosen),
      tiles: tiles.map((row) => jsonRow(row, { askedFor: row.key })),
      inFlight,
    })),
  };
}
