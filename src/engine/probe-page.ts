import type { PixelBuffer } from "../stages/page.js";

const WIDTH = 384;
const HEIGHT = 512;
const FRAME = 6;
const INK = 8;
const PAPER = 248;

type Colour = readonly [red: number, green: number, blue: number];
const grey = (level: number): Colour => [level, level, level];

/** Dots on a lattice at 45 degrees, 8 pixels apart, that grow from the top to the bottom: what shows rounding first. */
function screentone(x: number, y: number): Colour {
  const across = ((x + y) & 7) - 3.5;
  const along = ((x - y) & 7) - 3.5;
  const radius = 1 + (3 * y) / HEIGHT;
  return grey(across * across + along * along < radius * radius ? INK : PAPER);
}

/** Thin circles, every third one with a soft edge. */
function lineArt(x: number, y: number): Colour {
  const distance = Math.sqrt((x - 96) ** 2 + (y - 128) ** 2);
  const ring = Math.floor(distance / 9);
  const fromLine = Math.abs(distance - ring * 9 - 4.5);
  const softness = ring % 3 === 0 ? 2.5 : 0.8;
  return grey(Math.round(Math.min(PAPER, INK + (fromLine / softness) * 120)));
}

/** Colour from dark to light with a grain of +-4 levels, as in a scan. */
function gradient(x: number, y: number): Colour {
  const hash = Math.imul(Math.imul(x + 1, 0x9e3779b1) ^ (y + 1), 0x85ebca6b) >>> 28;
  const grain = (hash & 7) - 4;
  const level = 20 + ((x + y) * 220) / (WIDTH / 2 + HEIGHT / 2);
  const clamp = (value: number) => Math.round(Math.min(255, Math.max(0, value)));
  return [clamp(level + grain), clamp(level * 0.8 + grain), clamp(255 - level + grain)];
}

/** Flat fields and hatching of three slopes and distances. */
function hatching(x: number, y: number): Colour {
  const field = Math.floor(y / 64);
  if (field % 2 === 1) return field === 1 ? [230, 190, 160] : grey(INK);
  const slope = field === 0 ? x + 3 * y : x - y;
  return grey((slope & 15) < 3 ? INK : PAPER);
}

const PANELS = [screentone, lineArt, gradient, hatching] as const;

/**
 * A made-up comic page of four panels, the same every time: what the arithmetics of a device are compared on.
 *
 * @returns 384 x 512 RGB pixels
 */
export function paintProbePage(): PixelBuffer {
  const data = new Uint8Array(WIDTH * HEIGHT * 3);
  const [panelWidth, panelHeight] = [WIDTH / 2, HEIGHT / 2];
  for (let y = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++) {
      const [inX, inY] = [x % panelWidth, y % panelHeight];
      const isFrame = inX < FRAME || inY < FRAME;
      const panel = PANELS[Math.floor(x / panelWidth) + 2 * Math.floor(y / panelHeight)] ?? screentone;
      data.set(
        isFrame ? grey(inX < FRAME / 2 || inY < FRAME / 2 ? 255 : 0) : panel(inX, inY),
        (y * WIDTH + x) * 3,
      );
    }
  }
  return { data, width: WIDTH, height: HEIGHT, channels: 3 };
}
