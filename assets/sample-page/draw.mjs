// Draws the sample page: a comic page by this project, MIT licensed like the rest of it, in ink, screentone and colour.
// Run `node assets/sample-page/draw.mjs` after changing any of the drawing; the page it writes is committed.
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { robotEnters, tinyPage, wideEyes, zoom } from "./panels-ink.mjs";
import { readingTogether, roofsAtNight } from "./panels-night.mjs";
import { clipped, ink, linearGradient, polygon, radialGradient } from "./svg.mjs";
import { dotPattern, linePattern } from "./tones.mjs";

const WIDTH = 800;
const HEIGHT = 1200;
/** Drawn larger and shrunk, as a scanned page is. */
const OVERSAMPLING = 3;

const PANELS = [
  {
    outline: [
      [28, 28],
      [772, 28],
      [772, 282],
      [28, 310],
    ],
    draw: roofsAtNight,
  },
  {
    outline: [
      [28, 322],
      [392, 308],
      [372, 600],
      [28, 600],
    ],
    draw: tinyPage,
  },
  {
    outline: [
      [405, 308],
      [772, 294],
      [772, 600],
      [385, 600],
    ],
    draw: robotEnters,
  },
  {
    outline: [
      [28, 612],
      [772, 612],
      [772, 814],
      [28, 844],
    ],
    draw: zoom,
  },
  {
    outline: [
      [28, 856],
      [402, 841],
      [420, 1172],
      [28, 1172],
    ],
    draw: wideEyes,
  },
  {
    outline: [
      [415, 840],
      [772, 826],
      [772, 1172],
      [433, 1172],
    ],
    draw: readingTogether,
  },
];

function tones() {
  return [
    dotPattern("toneLight", { pitch: 3.4, angle: 45, share: 0.14 }),
    dotPattern("toneSteel", { pitch: 4.2, angle: 30, share: 0.22 }),
    dotPattern("toneMiddle", { pitch: 4.4, angle: 15, share: 0.3 }),
    dotPattern("toneFine", { pitch: 2.6, angle: 45, share: 0.2 }),
    dotPattern("toneCoarse", { pitch: 7.5, angle: 60, share: 0.34 }),
    dotPattern("toneDark", { pitch: 3.8, angle: 45, share: 0.62 }),
    dotPattern("cloudDots", { pitch: 5, angle: 45, share: 0.2, colour: "#7d6aa8" }),
    linePattern("toneRulings", { pitch: 4, angle: -30, width: 0.9, colour: "#777" }),
  ];
}

function gradients() {
  const round = (id, stops) => radialGradient(id, stops);
  return [
    linearGradient("nightSky", [
      [0, "#0b1238"],
      [0.3, "#35306f"],
      [0.5, "#a2567f"],
      [0.66, "#f0a070"],
      [1, "#f7c98a"],
    ]),
    round("moonHalo", [
      [0, "#fff3c0", 0.8],
      [0.42, "#ffe9a8", 0.4],
      [1, "#ffe9a8", 0],
    ]),
    radialGradient(
      "moonFace",
      [
        [0, "#fffdf0"],
        [0.7, "#ffeebb"],
        [1, "#f0d38a"],
      ],
      { fx: 0.35, fy: 0.3 },
    ),
    round("window", [
      [0, "#fffbe0"],
      [0.6, "#ffdd7d"],
      [1, "#f0a33c"],
    ]),
    round("lampGlow", [
      [0, "#ffe48a", 0.85],
      [1, "#ffd76a", 0],
    ]),
    linearGradient("lampCone", [
      [0, "#fff3b8", 0.75],
      [1, "#fff3b8", 0.05],
    ]),
    radialGradient(
      "warmWall",
      [
        [0, "#fbe3ae"],
        [0.6, "#e6ac73"],
        [1, "#a8654c"],
      ],
      { cy: 0.4, r: 0.75 },
    ),
    linearGradient(
      "steel",
      [
        [0, "#d9e6ee"],
        [0.5, "#9fb6c6"],
        [1, "#6f8798"],
      ],
      { x2: 1, y2: 0.6 },
    ),
    radialGradient(
      "burst",
      [
        [0, "#fff"],
        [0.3, "#fff2a6"],
        [0.75, "#ffc53d"],
        [1, "#f08a24"],
      ],
      { cx: 0.6, cy: 0.55, r: 0.7 },
    ),
    linearGradient(
      "beam",
      [
        [0, "#fff", 0.95],
        [1, "#fff8cf", 0.65],
      ],
      { x2: 1, y2: 0 },
    ),
    radialGradient("irisGrey", [
      [0, "#eee"],
      [0.55, "#bbb"],
      [1, "#555"],
    ]),
  ];
}

function page() {
  const panels = PANELS.map(({ outline, draw }) => clipped(polygon(outline), draw()));
  const borders = PANELS.map(({ outline }) => ink(polygon(outline), 3.2, { "stroke-linejoin": "miter" }));
  const content = `<defs>${[...tones(), ...gradients()].join("")}</defs><rect width="100%" height="100%" fill="#fff"/>${panels.join("")}${borders.join("")}`;
  const size = `width="${WIDTH * OVERSAMPLING}" height="${HEIGHT * OVERSAMPLING}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" ${size}>${content}</svg>`;
}

await sharp(Buffer.from(page()), { limitInputPixels: false, unlimited: true })
  .flatten({ background: "#fff" })
  .resize({ width: WIDTH, height: HEIGHT, kernel: "lanczos3" })
  .jpeg({ quality: 85, chromaSubsampling: "4:2:0" })
  .toFile(fileURLToPath(new URL("page.jpg", import.meta.url)));
