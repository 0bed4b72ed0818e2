// Screentone, hatching and speed lines. `pitch` is the distance between dots or lines in pixels of the page.
import { box, circle, clipped, element, ink, n, polygon, random } from "./svg.mjs";

/** A dot screen as a fill: `share` of the area is covered, the rows run at `angle` degrees. */
export function dotPattern(id, { pitch, angle, share, colour = "#111" }) {
  const r = pitch * Math.sqrt(share / Math.PI);
  const content = element("circle", { cx: pitch / 2, cy: pitch / 2, r, fill: colour });
  return element(
    "pattern",
    { id, width: pitch, height: pitch, patternUnits: "userSpaceOnUse", patternTransform: `rotate(${angle})` },
    content,
  );
}

/** A line screen as a fill. */
export function linePattern(id, { pitch, angle, width, colour = "#111" }) {
  const content = element("rect", { x: 0, y: 0, width: pitch, height: width, fill: colour });
  return element(
    "pattern",
    { id, width: pitch, height: pitch, patternUnits: "userSpaceOnUse", patternTransform: `rotate(${angle})` },
    content,
  );
}

/**
 * Dots whose size changes over the picture, as in printed gradients.
 *
 * @param bounds [left, top, right, bottom]
 * @param shareAt covered share of the area (0 to 0.7) at a point
 */
export function gradedDots([left, top, right, bottom], { pitch, angle, colour = "#111" }, shareAt) {
  const turn = (angle * Math.PI) / 180;
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
  const [middleX, middleY] = [(left + right) / 2, (top + bottom) / 2];
  const reach = Math.ceil(Math.hypot(right - left, bottom - top) / 2 / pitch) + 1;
  let d = "";
  for (let row = -reach; row <= reach; row++) {
    for (let column = -reach; column <= reach; column++) {
      const x = middleX + (column * cos - row * sin) * pitch;
      const y = middleY + (column * sin + row * cos) * pitch;
      if (x < left - pitch || x > right + pitch || y < top - pitch || y > bottom + pitch) continue;
      const r = pitch * Math.sqrt(Math.max(0, shareAt(x, y)) / Math.PI);
      if (r > 0.25) d += circle(x, y, r);
    }
  }
  return element("path", { d, fill: colour });
}

/** Strokes of a pen: parallel, slightly uneven in length and distance. */
export function hatching([left, top, right, bottom], { pitch, angle, width, seed, colour = "#111" }) {
  const next = random(seed);
  const turn = (angle * Math.PI) / 180;
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
  const [middleX, middleY] = [(left + right) / 2, (top + bottom) / 2];
  const reach = Math.hypot(right - left, bottom - top) / 2;
  let d = "";
  for (let across = -reach; across <= reach; across += pitch * (0.8 + 0.4 * next())) {
    const [from, to] = [-reach * (0.9 + 0.1 * next()), reach * (0.75 + 0.25 * next())];
    const bend = (next() - 0.5) * pitch;
    const place = (along, side) =>
      `${n(middleX + along * cos - side * sin)} ${n(middleY + along * sin + side * cos)}`;
    d += `M${place(from, across)}Q${place((from + to) / 2, across + bend)} ${place(to, across)}`;
  }
  return clipped(box(left, top, right - left, bottom - top), ink(d, width, { stroke: colour }));
}

/** Wedges that point at a centre, thick outside and ending in nothing at an uneven ring. */
export function focusLines([cx, cy], { inner, outer, count, thickness, seed, colour = "#111" }) {
  const next = random(seed);
  const wedges = [];
  for (let index = 0; index < count; index++) {
    const angle = ((index + next() * 0.8) / count) * 2 * Math.PI;
    const half = (thickness * (0.25 + next())) / outer;
    const start = inner * (0.85 + 0.45 * next() * next());
    const place = (radius, turn) => [cx + radius * Math.cos(turn), cy + radius * 0.8 * Math.sin(turn)];
    wedges.push(polygon([place(start, angle), place(outer, angle - half), place(outer, angle + half)]));
  }
  return element("path", { d: wedges.join(""), fill: colour });
}
