import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { paintProbePage } from "../../src/engine/probe-page.js";

const digest = () => createHash("sha256").update(paintProbePage().data).digest("hex");

describe("paintProbePage", () => {
  it("is the same page every time", () => {
    expect(digest()).toBe(digest());
  });

  it("has the range, the colours and the detail of a page", () => {
    const { data, width, height, channels } = paintProbePage();
    expect(data.length).toBe(width * height * channels);
    const levels = new Set(data);
    expect(levels.size).toBeGreaterThan(200);
    expect([levels.has(0), levels.has(255)]).toEqual([true, true]);
    let [coloured, steep] = [0, 0];
    for (let i = 0; i + 3 < data.length; i += 3) {
      const [red = 0, , blue = 0, next = 0] = data.subarray(i, i + 4);
      if (Math.abs(red - blue) > 8) coloured++;
      if (Math.abs(red - next) > 100) steep++;
    }
    const pixels = width * height;
    expect(coloured / pixels).toBeGreaterThan(0.2);
    expect(steep / pixels).toBeGreaterThan(0.05);
  });
});
