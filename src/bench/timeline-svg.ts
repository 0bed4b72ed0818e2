import type { PipelineLimits, StageName } from "../stages/pipeline.js";

/** A page's stay in a place; times in milliseconds of one clock. */
export interface TimelineBar {
  readonly page: number;
  readonly startedAt: number;
  readonly endedAt: number;
  /** When the next stage took it. */
  readonly leftAt: number;
}

/** What happened in every place of a pipeline between two moments. */
export interface Timeline {
  readonly limits: PipelineLimits;
  readonly bars: readonly (TimelineBar & { readonly stage: StageName; readonly place: number })[];
  readonly from: number;
  readonly to: number;
}

const WIDTH = 1000;
const MARGIN = { left: 92, right: 16, top: 34, bottom: 34 };
const ROW = 14;
const BAR = 11;
const STAGE_GAP = 10;
/** More pages would be lines rather than bars, and a large file. */
const MOST_PAGES = 80;
/** Hues follow each other by the golden angle: neighbouring pages differ clearly, however many there are. */
const HUE_STEP = 137.5;
const WANTED_TICKS = 8;

const STYLE = [
  "text{font:12px system-ui,sans-serif;fill:#6e7781}",
  "line{stroke:#8c959f;stroke-opacity:.35}",
  ".row{fill:#8c959f;fill-opacity:.12}",
  ".held{fill-opacity:.35}",
  "@media(prefers-color-scheme:dark){text{fill:#9da7b3}}",
].join("");

interface Row {
  readonly stage: StageName;
  readonly place: number;
  readonly y: number;
}

function rowsOf(limits: PipelineLimits): readonly Row[] {
  const rows: Row[] = [];
  let y = MARGIN.top;
  for (const stage of ["decode", "upscale", "encode"] as const) {
    for (let place = 0; place < limits[stage].places; place++) {
      rows.push({ stage, place, y });
      y += ROW;
    }
    y += STAGE_GAP;
  }
  return rows;
}

/** @returns a step of 1, 2 or 5 times a power of ten that gives about the wanted number of ticks */
export function tickStep(rangeMs: number): number {
  const rough = rangeMs / WANTED_TICKS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5].find((candidate) => candidate * power >= rough) ?? 10;
  return factor * power;
}

/** Coordinates without the noise of binary fractions: two digits are a hundredth of a pixel. */
function number(value: number): string {
  return String(Number(value.toFixed(2)));
}

function rect(x: number, y: number, width: number, attributes: string): string {
  return `<rect x="${number(x)}" y="${number(y)}" width="${number(width)}" height="${BAR}" ${attributes}/>`;
}

/** Shortens the window so that it shows no more pages than can be told apart. */
function endOf({ bars, from, to }: Timeline): number {
  const ends = bars
    .filter(({ stage, endedAt }) => stage === "encode" && endedAt > from && endedAt <= to)
    .map(({ endedAt }) => endedAt)
    .sort((a, b) => a - b);
  return ends[MOST_PAGES - 1] ?? to;
}

function axis(rangeMs: number, x: (ms: number) => number, bottom: number): string[] {
  const step = tickStep(rangeMs);
  const ticks = Array.from({ length: Math.floor(rangeMs / step) + 1 }, (_, index) => index * step);
  return ticks.map((ms) => {
    const at = number(x(ms));
    const label = `<text x="${at}" y="${bottom + 18}" text-anchor="middle">${number(ms)}${ms === 0 ? " ms" : ""}</text>`;
    return `<line x1="${at}" x2="${at}" y1="${MARGIN.top}" y2="${bottom}"/>${label}`;
  });
}

/**
 * Draws one row for each place of each stage and one bar for each page in it: solid while the page is worked on, pale
 * while it waits in its place for the next stage. A page has the same colour in every stage.
 *
 * @param title plain text
 * @returns an SVG document that can be read on light and dark ground; at most 80 pages are shown
 */
export function timelineSvg(timeline: Timeline, title: string): string {
  const { from, bars, limits } = timeline;
  const to = endOf(timeline);
  const rows = rowsOf(limits);
  const bottom = (rows.at(-1)?.y ?? MARGIN.top) + ROW;
  const height = bottom + MARGIN.bottom;
  const scale = (WIDTH - MARGIN.left - MARGIN.right) / (to - from);
  const x = (ms: number) => MARGIN.left + ms * scale;
  const at = (time: number) => x(Math.min(to, Math.max(from, time)) - from);
  const shown = bars.filter(({ startedAt, leftAt }) => leftAt > from && startedAt < to);
  const drawn = rows.flatMap(({ stage, place, y }) => {
    const label = place === 0 ? `<text x="8" y="${y + BAR - 1}">${stage}</text>` : "";
    const ground = `${label}${rect(MARGIN.left, y, WIDTH - MARGIN.left - MARGIN.right, 'class="row"')}`;
    const own = shown.filter((bar) => bar.stage === stage && bar.place === place);
    return [ground, ...own.map((bar) => drawBar(bar, y, at))];
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img">`,
    `<title>${escapeXml(title)}</title><style>${STYLE}</style><text x="8" y="20">${escapeXml(title)}</text>`,
    ...axis(to - from, x, bottom),
    ...drawn,
    "</svg>\n",
  ].join("\n");
}

function drawBar(bar: TimelineBar, y: number, at: (time: number) => number): string {
  const { page, startedAt, endedAt, leftAt } = bar;
  const [start, end, left] = [at(startedAt), at(endedAt), at(leftAt)];
  const hue = Math.round((page * HUE_STEP) % 360);
  const name = `<title>page ${page}: ${number(endedAt - startedAt)} ms</title>`;
  const work = end > start ? rect(start, y, end - start, "") : "";
  const held = left > end ? rect(end, y, left - end, 'class="held"') : "";
  return `<g fill="hsl(${hue},60%,50%)">${name}${work}${held}</g>`;
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
