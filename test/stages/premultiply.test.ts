import { describe, expect, it } from "vitest";
import { flattenOnWhite, premultiply, unpremultiply } from "../../src/stages/premultiply.js";
import { numbers } from "./images.js";

/** Every pair of a colour value and an alpha value, as RGBA pixels. */
function everyPair(): Uint8Array {
  const rgba = new Uint8Array(256 * 256 * 4);
  for (let a = 0; a < 256; a++) for (let v = 0; v < 256; v++) rgba.set([v, v, v, a], (a * 256 + v) * 4);
  return rgba;
}

describe("multiplying by alpha and back", () => {
  it("rounds to the nearest value for every pair", async () => {
    const { colour } = await premultiply(everyPair(), 256, 256);
    for (let a = 0; a < 256; a++) {
      for (let v = 0; v < 256; v++) {
        const error = Math.abs((colour.data[(a * 256 + v) * 3] ?? -1) - (v * a) / 255);
        if (error > 0.5) expect.fail(`${v} at alpha ${a} is off by ${error}`);
      }
    }
  });

  it("gives colour back as closely as 8 bits can, exactly where it is opaque, and alpha always", async () => {
    const rgba = everyPair();
    const { colour, alpha } = await premultiply(rgba, 256, 256);
    if (!alpha) return expect.unreachable("no alpha");
    const back = await unpremultiply(colour, alpha);
    for (let pixel = 0; pixel < 256 * 256; pixel++) {
      const [v = 0, a = 0] = [rgba[pixel * 4], rgba[pixel * 4 + 3]];
      expect(back[pixel * 4 + 3] === a).toBe(true);
      const bound = a === 0 ? 255 : 0.5 + (0.5 * 255) / a;
      const error = Math.abs((back[pixel * 4] ?? -1) - v);
      if (error > bound || (a === 255 && error > 0)) expect.fail(`${v} at alpha ${a} is off by ${error}`);
    }
  });

  it("works beyond one turn of the event loop, and lets others have theirs", async () => {
    const [width, height] = [1000, 700];
    const rgba = new Uint8Array(width * height * 4).fill(200);
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    const { colour, alpha } = await premultiply(rgba, width, height);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(0);
    expect(colour.data.every((value) => value === Math.round((200 * 200) / 255))).toBe(true);
    expect(alpha?.data.every((value) => value === 200)).toBe(true);
  });
});

it("colour that exceeds its alpha is cut off at white", async () => {
  const colour = { data: new Uint8Array([200, 100, 50]), width: 1, height: 1, channels: 3 as const };
  const alpha = { data: new Uint8Array([100]), width: 1, height: 1, channels: 1 as const };
  expect(numbers(await unpremultiply(colour, alpha))).toEqual([255, 255, 128, 100]);
});

it("laying on white adds what alpha lacks, and never wraps around", async () => {
  const colour = {
    data: new Uint8Array([0, 50, 200, 10, 20, 30]),
    width: 2,
    height: 1,
    channels: 3 as const,
  };
  const alpha = { data: new Uint8Array([100, 255]), width: 2, height: 1, channels: 1 as const };
  expect(numbers((await flattenOnWhite(colour, alpha)).data)).toEqual([155, 205, 255, 10, 20, 30]);
});
