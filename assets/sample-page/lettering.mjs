// An alphabet of pen strokes, so that no font of the machine matters. Capitals stand between y = 0 and y = 10.
import { area, ellipse, group, ink, n, random, shape } from "./svg.mjs";

/** Width and strokes of each letter. */
const LETTERS = {
  A: [7, "M0 10L3.5 0L7 10M1.3 6.6L5.7 6.6"],
  B: [6, "M0 0L0 10M0 0L3 0Q5.6 0 5.6 2.4Q5.6 4.8 3 4.8L0 4.8M3 4.8Q6.2 4.8 6.2 7.4Q6.2 10 3 10L0 10"],
  C: [6.4, "M6.3 1.8Q5.1 0 3.5 0Q0 0 0 5Q0 10 3.5 10Q5.3 10 6.4 8.2"],
  D: [6.5, "M0 0L0 10M0 0L2.6 0Q6.5 0 6.5 5Q6.5 10 2.6 10L0 10"],
  E: [5.2, "M5.2 0L0 0L0 10L5.2 10M0 4.9L4.4 4.9"],
  F: [5.1, "M5.1 0L0 0L0 10M0 4.9L4.2 4.9"],
  G: [6.7, "M6.3 1.8Q5.1 0 3.5 0Q0 0 0 5Q0 10 3.6 10Q6.7 10 6.7 5.8L4 5.8"],
  H: [6.2, "M0 0L0 10M6.2 0L6.2 10M0 4.9L6.2 4.9"],
  I: [0.2, "M0.1 0L0.1 10"],
  J: [4.6, "M4.6 0L4.6 7Q4.6 10 2.2 10Q0.4 10 0 8"],
  K: [6, "M0 0L0 10M5.8 0L0 6M2.1 4L6.1 10"],
  L: [4.9, "M0 0L0 10L4.9 10"],
  M: [8, "M0 10L0.8 0L4 7L7.2 0L8 10"],
  N: [6.4, "M0 10L0 0L6.4 10L6.4 0"],
  O: [7.2, "M3.6 0Q7.2 0 7.2 5Q7.2 10 3.6 10Q0 10 0 5Q0 0 3.6 0Z"],
  P: [5.8, "M0 10L0 0L3 0Q5.8 0 5.8 2.7Q5.8 5.4 3 5.4L0 5.4"],
  Q: [7.2, "M3.6 0Q7.2 0 7.2 5Q7.2 10 3.6 10Q0 10 0 5Q0 0 3.6 0ZM4.6 7.2L7.4 10.8"],
  R: [6, "M0 10L0 0L3 0Q5.8 0 5.8 2.6Q5.8 5.2 3 5.2L0 5.2M2.8 5.2L6.2 10"],
  S: [5.8, "M5.5 1.6Q4.6 0 2.9 0Q0.3 0 0.3 2.4Q0.3 4.4 3 4.9Q5.9 5.5 5.9 7.5Q5.9 10 3 10Q1 10 0 8.4"],
  T: [6.2, "M0 0L6.2 0M3.1 0L3.1 10"],
  U: [6.3, "M0 0L0 6.4Q0 10 3.15 10Q6.3 10 6.3 6.4L6.3 0"],
  V: [6.6, "M0 0L3.3 10L6.6 0"],
  W: [9, "M0 0L2.2 10L4.5 2.4L6.8 10L9 0"],
  X: [6.2, "M0 0L6.2 10M6.2 0L0 10"],
  Y: [6.4, "M0 0L3.2 5L6.4 0M3.2 5L3.2 10"],
  Z: [6, "M0.2 0L6 0L0 10L6.2 10"],
  ".": [0.6, "M0.2 9.7L0.4 10"],
  ",": [0.8, "M0.6 9.2L0 11.4"],
  "!": [0.6, "M0.4 0L0.3 6.8M0.3 9.7L0.4 10"],
  "?": [4.8, "M0 2Q0.6 0 2.4 0Q4.8 0 4.8 2.4Q4.8 4 3.2 5Q2.4 5.6 2.4 7M2.4 9.7L2.5 10"],
  "'": [0.8, "M0.5 0L0.2 2.4"],
  "-": [3.4, "M0 5.4L3.4 5.4"],
};
/** A lone I gets bars, as letterers write the pronoun. */
const PRONOUN_I = [3, "M0 0L3 0M1.5 0L1.5 10M0 10L3 10"];
const SPACE = 4.2;
const BETWEEN = 2.3;

function lettersOf(line) {
  const placed = [];
  let x = 0;
  for (const word of line.split(" ")) {
    for (const letter of word) {
      const [width, strokes] = word === "I" ? PRONOUN_I : LETTERS[letter];
      placed.push({ x, strokes, width });
      x += width + BETWEEN;
    }
    x += SPACE;
  }
  return { placed, width: x - SPACE - BETWEEN };
}

/**
 * Centred lines of hand lettering.
 *
 * @param height of a capital, in pixels
 * @param weight of the stroke, in pixels
 */
export function lettering(lines, [x, y], { height, weight = height * 0.15, colour = "#111", seed = 1 }) {
  const next = random(seed);
  const scale = height / 10;
  const leading = height * 1.62;
  const content = lines.map((line, row) => {
    const { placed, width } = lettersOf(line);
    const left = x - (width * scale) / 2;
    const top = y + (row - (lines.length - 1) / 2) * leading - height / 2;
    const letters = placed.map((letter) => {
      const [lean, rise] = [(next() - 0.5) * 3, (next() - 0.5) * 0.5];
      const place = `translate(${n(left + letter.x * scale)} ${n(top + rise * scale)}) rotate(${n(lean)}) scale(${n(scale)})`;
      return ink(letter.strokes, weight / scale, { stroke: colour, transform: place });
    });
    return letters.join("");
  });
  return group(content.join(""));
}

/** Big letters of a noise: an outline, a body and a light edge, each letter placed and turned by hand. */
export function noise(letters, { outline = "#111", body, edge }) {
  const pass = (colour, width, dx = 0, dy = 0) =>
    letters
      .map(({ letter, x, y, size, turn }) => {
        const scale = size / 10;
        const place = `translate(${n(x + dx)} ${n(y + dy)}) rotate(${turn}) scale(${n(scale)}) translate(${n(-LETTERS[letter][0] / 2)} -5)`;
        return ink(LETTERS[letter][1], width, { stroke: colour, transform: place });
      })
      .join("");
  return (
    pass(outline, 3.9, 3, 4) +
    pass(outline, 3.7) +
    pass("#fff", 3) +
    pass(body, 2.4) +
    pass(edge, 0.5, -2, -3)
  );
}

/**
 * A speech balloon with its lettering; the tail points at `to`.
 */
export function balloon(lines, [x, y], [rx, ry], to, { height = 13, seed = 1, fill = "#fff" } = {}) {
  const [dx, dy] = [to[0] - x, to[1] - y];
  const length = Math.hypot(dx, dy);
  const [ux, uy] = [dx / length, dy / length];
  const root = [x + ux * rx * 0.6, y + uy * ry * 0.6];
  const side = 9;
  const tail =
    `M${n(root[0] - uy * side)} ${n(root[1] + ux * side)}` +
    `Q${n(root[0] + dx * 0.25 - uy * 4)} ${n(root[1] + dy * 0.25 + ux * 10)} ${n(to[0])} ${n(to[1])}` +
    `Q${n(root[0] + dx * 0.3 + uy * 6)} ${n(root[1] + dy * 0.3 - ux * 2)} ${n(root[0] + uy * side)} ${n(root[1] - ux * side)}Z`;
  const body = ellipse(x, y, rx, ry);
  return (
    shape(tail, fill, 2.2) +
    shape(body, fill, 2.2) +
    // Covers the outline where the tail leaves the balloon.
    area(tail, fill) +
    lettering(lines, [x, y], { height, seed })
  );
}
