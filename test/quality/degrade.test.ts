import { describe, expect, it } from "vitest";
import { boxDownscale, degrade, throughJpeg } from "../../src/quality/degrade.js";
import { compare, paint, paintScreentone } from "../support/images.js";

describe("boxDownscale", () => {
  it("takes the mean of each block and rounds half up", () => {
    const image = paint(4, 2, (x, y) => [x + 4 * y, x * 50, 255]);
    const small = boxDownscale(image, 2);
    // Reds 0, 1, 4, 5 give 2.5, blocks of greens 25 and 125.
    expect(small).toEqual({ data: Uint8Array.of(3, 25, 255, 5, 125, 255), width: 2, height: 1, channels: 3 });
  });

  it("shrinks by three", () => {
    const image = paint(3, 3, (x, y) => [x === 1 && y === 1 ? 90 : 0, 9, 255]);
    expect([...boxDownscale(image, 3).data]).toEqual([10, 9, 255]);
  });

  it("refuses sides that leave a rest", () => {
    expect(() =>
      boxDownscale(
        paint(4, 3, () => [0, 0, 0]),
        2,
      ),
    ).toThrow(/multiples of 2, received 4 x 3/);
  });
});

describe("throughJpeg", () => {
  const image = paintScreentone(64, 48);

  it("loses more the lower the quality", async () => {
    const loss = async (quality: number) =>
      compare((await throughJpeg(image, quality, false)).data, image.data).psnr;
    const [at95, at75] = [await loss(95), await loss(75)];
    expect(at95).toBeGreaterThan(at75 + 3);
    expect(at75).toBeGreaterThan(15);
  });

  it("halves the resolution of colour", async () => {
    const stripes = paint(64, 48, (x) => (x % 2 === 0 ? [255, 0, 0] : [0, 77, 255]));
    const { data } = await throughJpeg(stripes, 100, false);
    // Red and blue of about one luma: side by side, all that is left of them is their mean.
    for (const c of [0, 2]) expect(Math.abs((data[300 + c] ?? 0) - (data[303 + c] ?? 0))).toBeLessThan(60);
  });

  it("brings back no colour that greyscale art has not", async () => {
    const grey = paint(64, 48, (x, y) => [(x * y) % 256, (x * y) % 256, (x * y) % 256]);
    const { data, channels } = await throughJpeg(grey, 75, true);
    expect({ length: data.length, channels }).toEqual({ length: 64 * 48 * 3, channels: 3 });
    for (let i = 0; i < data.length; i += 3)
      expect(data[i] === data[i + 1] && data[i] === data[i + 2]).toBe(true);
  });
});

it("gives the mean alone where no JPEG is asked for", async () => {
  const image = paintScreentone(64, 48);
  expect(await degrade(image, 2, null, false)).toEqual(boxDownscale(image, 2));
  expect(await degrade(image, 2, 50, false)).not.toEqual(boxDownscale(image, 2));
});
