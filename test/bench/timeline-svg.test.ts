import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { type Timeline, tickStep, timelineSvg } from "../../src/bench/timeline-svg.js";

const limits = {
  decode: { concurrency: 1, places: 2 },
  upscale: { concurrency: 1, places: 1 },
  encode: { concurrency: 4, places: 16 },
};

/** As many pages as asked for, an upscale of 10 ms each, encoded in 160 ms on 16 places. */
function timelineOf(pages: number): Timeline {
  const bars = Array.from({ length: pages }, (_, page) => {
    const at = 1000 + page * 10;
    return [
      { stage: "decode", place: page % 2, page, startedAt: at - 15, endedAt: at - 5, leftAt: at },
      { stage: "upscale", place: 0, page, startedAt: at, endedAt: at + 10, leftAt: at + 10 },
      { stage: "encode", place: page % 16, page, startedAt: at + 10, endedAt: at + 169, leftAt: at + 169 },
    ] as const;
  }).flat();
  return { limits, bars, from: 980, to: 1180 + pages * 10 };
}

const count = (svg: string, part: string) => svg.split(part).length - 1;

describe("timelineSvg", () => {
  it("has a row for each place and a bar for each page in it", () => {
    const svg = timelineSvg(timelineOf(10), "title");
    expect(count(svg, 'class="row"')).toBe(2 + 1 + 16);
    expect(count(svg, "<g ")).toBe(30);
    expect(count(svg, 'class="held"')).toBe(10);
    expect(svg).toContain("<title>page 3: 159 ms</title>");
  });

  it("gives a page the same colour in every stage", () => {
    const svg = timelineSvg(timelineOf(2), "title");
    for (const hue of [0, 138]) expect(count(svg, `<g fill="hsl(${hue},60%,50%)">`)).toBe(3);
  });

  it("stays inside its window, and below 100 KB for any number of pages", () => {
    const svg = timelineSvg(timelineOf(5000), "title");
    expect(svg.length).toBeLessThan(100_000);
    expect(count(svg, "<g ")).toBeGreaterThan(200);
    for (const [, x, width] of svg.matchAll(/<rect x="([-\d.]+)" y="[\d.]+" width="([-\d.]+)"/g)) {
      expect(Number(x)).toBeGreaterThanOrEqual(92);
      expect(Number(width)).toBeGreaterThanOrEqual(0);
      expect(Number(x) + Number(width)).toBeLessThanOrEqual(984.02);
    }
  });

  it("is a document that SVG readers accept, whatever the title", async () => {
    const svg = timelineSvg(timelineOf(20), 'R&D <card> "x"');
    expect(svg).toContain("R&amp;D &lt;card&gt;");
    const { width, height } = await sharp(Buffer.from(svg)).metadata();
    expect(width).toBe(1000);
    expect(height).toBeGreaterThan(19 * 14);
  });
});

it.each([
  [80, 10],
  [1000, 200],
  [3000, 500],
  [90_000, 20_000],
  [4, 0.5],
])("an axis of %d ms is divided into steps of %d ms", (range, step) => {
  expect(tickStep(range)).toBeCloseTo(step, 10);
});
