import { describe, expect, it } from "vitest";
import { formatProgress, ProgressBar } from "../../src/batch/progress-bar.js";

const half = { bytes: 50, totalBytes: 100, pages: 30, failed: 0, elapsedMs: 60_000 };

describe("formatProgress", () => {
  it("tells the share, the pages, their speed and the time left", () => {
    expect(formatProgress(half, 80)).toBe(
      "[###############...............] 50% 30 pages, 0.50 pages/s, 1:00 left",
    );
    expect(formatProgress({ ...half, bytes: 1, failed: 2 }, 100)).toContain("2 failed, 1:39:00 left");
  });

  it.each([1, 10, 30, 45, 60, 200])("is shorter than a terminal of %i columns", (columns) => {
    expect(formatProgress(half, columns).length).toBeLessThan(columns);
  });

  it("has no time left at the start, at the end, and of nothing", () => {
    for (const bytes of [0, 100, 130]) expect(formatProgress({ ...half, bytes }, 80)).not.toContain("left");
    expect(formatProgress({ ...half, bytes: 130 }, 80)).toContain("100%");
    expect(formatProgress({ ...half, bytes: 0, totalBytes: 0, elapsedMs: 0 }, 80)).toContain("100%");
  });
});

describe("ProgressBar", () => {
  it("is drawn over itself, not more often than anybody sees, and makes way for lines", () => {
    const written: string[] = [];
    let now = 0;
    const bar = new ProgressBar({ columns: 80, write: (text) => written.push(text) }, () => now);
    const { elapsedMs: _, ...progress } = half;
    bar.show(progress);
    now = 50;
    bar.show(progress);
    expect(written).toHaveLength(1);
    bar.writeLine("warn: something");
    bar.show(progress);
    bar.hide();
    bar.hide();
    expect(written.map((text) => text.replace(/\[#.*/, "BAR"))).toEqual([
      "\r\u001b[KBAR",
      "\r\u001b[K",
      "warn: something\n",
      "\r\u001b[KBAR",
      "\r\u001b[K",
    ]);
  });
});
