// Small pieces of SVG as text. Lengths are in pixels of the finished page.

/** Up to two decimals, which is below what can be seen. */
export const n = (value) => String(Math.round(value * 100) / 100);

export const points = (list) => list.map(([x, y]) => `${n(x)},${n(y)}`).join(" ");

const attributes = (values) =>
  Object.entries(values)
    .map(([name, value]) => ` ${name}="${typeof value === "number" ? n(value) : value}"`)
    .join("");

export const element = (name, values, content = "") => `<${name}${attributes(values)}>${content}</${name}>`;

const INK = { fill: "none", stroke: "#111", "stroke-linecap": "round", "stroke-linejoin": "round" };

/** An inked line: no filling unless one is given. */
export const ink = (d, width, values = {}) =>
  element("path", { d, ...INK, "stroke-width": width, ...values });

/** A filled shape without outline. Screentone gets white paper under it: its dots alone would let everything show. */
export function area(d, fill, values = {}) {
  const paper = fill.startsWith("url(#tone") ? element("path", { d, fill: "#fff", ...values }) : "";
  return paper + element("path", { d, fill, ...values });
}

/** A filled shape with an inked outline. */
export const shape = (d, fill, width = 2, values = {}) => area(d, fill) + ink(d, width, values);

export const polygon = (list) => `M${points(list).replaceAll(" ", "L")}Z`;

export const circle = (cx, cy, r) =>
  `M${n(cx - r)} ${n(cy)}a${n(r)} ${n(r)} 0 1 0 ${n(2 * r)} 0a${n(r)} ${n(r)} 0 1 0 ${n(-2 * r)} 0Z`;

export const ellipse = (cx, cy, rx, ry) =>
  `M${n(cx - rx)} ${n(cy)}a${n(rx)} ${n(ry)} 0 1 0 ${n(2 * rx)} 0a${n(rx)} ${n(ry)} 0 1 0 ${n(-2 * rx)} 0Z`;

export const box = (x, y, width, height, r = 0) =>
  `M${n(x + r)} ${n(y)}h${n(width - 2 * r)}q${n(r)} 0 ${n(r)} ${n(r)}v${n(height - 2 * r)}q0 ${n(r)} ${n(-r)} ${n(r)}` +
  `h${n(2 * r - width)}q${n(-r)} 0 ${n(-r)} ${n(-r)}v${n(2 * r - height)}q0 ${n(-r)} ${n(r)} ${n(-r)}Z`;

export const group = (content, values = {}) => element("g", values, content);

export const at = (x, y, content, { scale = 1, turn = 0, mirror = false } = {}) =>
  group(content, {
    transform: `translate(${n(x)} ${n(y)}) rotate(${n(turn)}) scale(${mirror ? -scale : scale} ${scale})`,
  });

let clips = 0;

/** Shows `content` only inside the outline `d`. */
export function clipped(d, content) {
  const id = `clip${++clips}`;
  return `<clipPath id="${id}"><path d="${d}"/></clipPath>${group(content, { "clip-path": `url(#${id})` })}`;
}

export function linearGradient(id, stops, { x1 = 0, y1 = 0, x2 = 0, y2 = 1 } = {}) {
  return element("linearGradient", { id, x1, y1, x2, y2 }, stopsOf(stops));
}

export const radialGradient = (id, stops, values = {}) =>
  element("radialGradient", { id, ...values }, stopsOf(stops));

const stopsOf = (stops) =>
  stops
    .map(([offset, colour, opacity = 1]) =>
      element("stop", { offset, "stop-color": colour, "stop-opacity": opacity }),
    )
    .join("");

/** A seeded source of numbers from 0 up to 1: the page is the same every time it is drawn. */
export function random(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
