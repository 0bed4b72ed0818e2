// Drawn characters as icon sets that vector_drawings.py reads.
//
//     npm install --prefix AVATARS @dicebear/core@9.4.3 @dicebear/collection@9.4.3
//     node draw_avatars.mjs AVATARS SETS
//
// Writes SETS/dicebear-STYLE/icons.json and info.json. Each drawing is put together from its style's parts and colours
// by a numbered seed, so that the same versions give the same drawings.

import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const DRAWINGS = 400;
// Comic-like styles under free licences; `spdx` as their packages name it.
const STYLES = [
  { style: "adventurer", spdx: "CC-BY-4.0", author: "Lisa Wischofsky" },
  { style: "lorelei", spdx: "CC0-1.0", author: "Lisa Wischofsky" },
  { style: "notionists", spdx: "CC0-1.0", author: "Zoish" },
  { style: "openPeeps", spdx: "CC0-1.0", author: "Pablo Stanley" },
  { style: "micah", spdx: "CC-BY-4.0", author: "Micah Lanier" },
  { style: "personas", spdx: "CC-BY-4.0", author: "Draftbit" },
  { style: "croodles", spdx: "CC-BY-4.0", author: "Vijay Verma" },
  { style: "bigEars", spdx: "CC-BY-4.0", author: "The Visual Team" },
  { style: "bigSmile", spdx: "CC-BY-4.0", author: "Ashley Seo" },
  { style: "miniavs", spdx: "CC-BY-4.0", author: "Webpixels" },
  { style: "toonHead", spdx: "CC-BY-4.0", author: "Johan Melin" },
  { style: "dylan", spdx: "CC-BY-4.0", author: "Natalia Spivak" },
];

const [avatars, sets] = process.argv.slice(2);
if (sets === undefined) throw new Error("expected two folders, AVATARS and SETS");
const modules = path.resolve(avatars, "node_modules", "@dicebear");
const load = (file) => import(pathToFileURL(path.join(modules, file)).href);
const { createAvatar } = await load("core/lib/index.js");
const collection = await load("collection/lib/index.js");

for (const { style, spdx, author } of STYLES) {
  const drawings = Array.from({ length: DRAWINGS }, (_, seed) =>
    createAvatar(collection[style], { seed: String(seed) }).toString(),
  );
  // All drawings of a style have one view box; the whole SVG stands inside the set's own.
  const [, width, height] = /viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(drawings[0]) ?? [];
  if (height === undefined) throw new Error(`expected drawings of ${style} with a view box from 0 0`);
  const name = `dicebear-${style.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  const folder = path.join(sets, name);
  mkdirSync(folder, { recursive: true });
  const icons = Object.fromEntries(drawings.map((body, seed) => [String(seed).padStart(3, "0"), { body }]));
  const set = { prefix: name, width: Number(width), height: Number(height), icons };
  writeFileSync(path.join(folder, "icons.json"), JSON.stringify(set));
  writeFileSync(
    path.join(folder, "info.json"),
    JSON.stringify({ author: { name: author }, license: { spdx } }),
  );
}
