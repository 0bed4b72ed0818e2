import { median } from "../median.js";
import { markdownTable } from "./bench-tables.js";
import { type FleetSample, type FleetSubject, medianRate } from "./fleet-bench.js";

/** Where and how a fleet was measured. */
export interface FleetSetting {
  readonly program: string;
  readonly node: string;
  readonly cores: number;
  /** Of the whole machine before the first page. */
  readonly loadAverage: number;
  /** ISO 8601. */
  readonly date: string;
  readonly pages: number;
  readonly output: string;
  readonly count: number;
  readonly rounds: number;
}

const HEADER = ["devices", "pages/s", "least", "most", "times the first", "upscaling", "encoding"];

function rowOf(subject: FleetSubject, first: FleetSubject): readonly string[] {
  const { samples, devices } = subject;
  const rates = samples.map(({ pagesPerSecond }) => pagesPerSecond);
  const middle = (key: keyof FleetSample) => median(samples.map((sample) => sample[key]));
  return [
    String(devices.length),
    medianRate(subject).toFixed(2),
    Math.min(...rates).toFixed(2),
    Math.max(...rates).toFixed(2),
    (medianRate(subject) / medianRate(first)).toFixed(2),
    middle("upscaling").toFixed(1),
    middle("encoding").toFixed(1),
  ];
}

/** @returns a table a model as Markdown; upscaling and encoding are pages that are in the stage at a time, on average */
export function formatFleet(setting: FleetSetting, subjects: readonly FleetSubject[]): string {
  const { program, node, cores, loadAverage, date, pages, output, count, rounds } = setting;
  const models = [...new Set(subjects.map(({ model }) => model))];
  const tables = models.map((model) => {
    const rows = subjects.filter((subject) => subject.model === model);
    const most = rows.reduce((one, other) => (other.devices.length > one.devices.length ? other : one));
    const table = markdownTable(
      HEADER,
      rows.map((subject) => rowOf(subject, rows[0] ?? subject)),
    );
    return `## ${model} on ${most.devices.join("; ")}\n\n${table}`;
  });
  return `${[
    `${program}, Node.js ${node}, ${cores} cores, load average ${loadAverage.toFixed(2)}, ${date}`,
    `${count} pages of ${pages} for each device at once, ${output}; ${rounds} rounds, the rows taking turns`,
    ...tables,
  ].join("\n\n")}\n`;
}
