// The first panel and the last: in colour.
import { catHead, comicSheet, paw, robotBody, robotHead } from "./characters.mjs";
import { balloon, lettering } from "./lettering.mjs";
import { area, at, box, circle, clipped, ellipse, group, ink, n, polygon, random, shape } from "./svg.mjs";
import { gradedDots, hatching } from "./tones.mjs";

/** Panel 1: roofs under the moon, one window lit. Drawn within x 20-780, y 20-320. */
export function roofsAtNight() {
  return [
    area(box(20, 20, 760, 310), "url(#nightSky)"),
    stars(),
    moon(),
    clouds(),
    skyline(random(11), { base: 262, least: 30, most: 90, fill: "#2a2a5c", lit: 0.12 }),
    skyline(random(23), { base: 292, least: 26, most: 60, fill: "#181b42", lit: 0.2 }),
    attic(),
    caption(["LATE ONE NIGHT,", "UNDER THE ROOF..."], 134, 64, 196, 58),
  ].join("");
}

function stars() {
  const next = random(5);
  return Array.from({ length: 90 }, () => {
    const [x, y, r] = [30 + next() * 740, 30 + next() * 150, 0.4 + next() * next() * 1.3];
    return area(circle(x, y, r), next() < 0.3 ? "#ffe9b0" : "#fff", { opacity: n(0.4 + next() * 0.6) });
  }).join("");
}

function moon() {
  const craters = [
    [-18, -14, 9],
    [14, 8, 12],
    [-6, 22, 6],
    [22, -20, 5],
    [-26, 10, 4],
  ];
  return (
    area(circle(606, 112, 120), "url(#moonHalo)") +
    area(circle(606, 112, 52), "url(#moonFace)") +
    craters.map(([x, y, r]) => area(circle(606 + x, 112 + y, r), "#e3c98c", { opacity: 0.6 })).join("")
  );
}

function clouds() {
  const cloud = "M0 0Q6 -22 34 -18Q46 -42 78 -30Q104 -44 120 -20Q150 -22 156 0Z";
  const one = (x, y, scale, opacity) =>
    at(x, y, group(area(cloud, "#c9a7d8"), { opacity }), { scale }) +
    at(x, y + 3, group(area(cloud, "url(#cloudDots)"), { opacity }), { scale });
  return one(350, 118, 1.1, 0.5) + one(640, 178, 0.9, 0.6) + one(60, 176, 0.8, 0.4);
}

function skyline(next, { base, least, most, fill, lit }) {
  const roofs = [];
  const windows = [];
  for (let x = 14; x < 790; ) {
    const [width, height] = [30 + next() * 44, least + next() * (most - least)];
    const top = base - height;
    const peak = next() < 0.6 ? 10 + next() * 16 : 0;
    roofs.push(
      polygon([
        [x, 340],
        [x, top],
        [x + width / 2, top - peak],
        [x + width, top],
        [x + width, 340],
      ]),
    );
    if (next() < 0.4) roofs.push(box(x + width * 0.7, top - peak - 8, 6, 24));
    for (let row = top + 8; row < base; row += 11) {
      for (let column = x + 5; column < x + width - 7; column += 10) {
        if (next() < lit) windows.push(box(column, row, 4.5, 6));
      }
    }
    x += width + next() * 3;
  }
  return area(roofs.join(""), fill) + area(windows.join(""), "#ffd76a");
}

function attic() {
  const roof = polygon([
    [236, 336],
    [330, 196],
    [470, 196],
    [574, 336],
  ]);
  const rows = [];
  for (let y = 208, row = 0; y < 336; y += 11, row++) {
    const reach = ((y - 196) / 140) * 98;
    rows.push(`M${n(330 - reach)} ${y}L${n(470 + reach)} ${y}`);
    for (let x = 330 - reach + (row % 2) * 9; x < 470 + reach; x += 18) rows.push(`M${n(x)} ${y}l0 11`);
  }
  const cat = area(
    "M386 290Q382 258 392 250L390 232Q398 234 402 240Q407 238 412 240Q416 234 424 232L422 250Q433 260 430 290Z",
    "#1d1426",
  );
  return (
    shape(roof, "#4a2b3f", 2.4) +
    ink(rows.join(""), 0.8, { stroke: "#23121f" }) +
    shape(box(352, 150, 26, 62), "#5b3548", 2.2) +
    ink("M352 164h26M352 178h26M352 192h26M361 150v14M370 164v14M361 178v14", 0.7) +
    area(circle(406, 262, 74), "url(#lampGlow)") +
    shape(circle(406, 262, 36), "url(#window)", 5, { stroke: "#2b1a26" }) +
    cat +
    ink("M406 226L406 298M370 262L442 262", 3, { stroke: "#2b1a26" })
  );
}

/** A box of lettering that no one says. */
function caption(lines, x, y, width, height) {
  const d = box(x - width / 2, y - height / 2, width, height);
  return shape(d, "#fff3c4", 2) + lettering(lines, [x, y], { height: 12.5, seed: 31 });
}

/** Panel 6: the two read under a lamp. Drawn within x 410-780, y 820-1176. */
export function readingTogether() {
  const catBody = "M444 1180Q440 1080 482 1060L556 1060Q594 1084 588 1180Z";
  const catShade = "M444 1180Q440 1090 474 1066Q462 1120 492 1180Z";
  return [
    area(box(400, 810, 390, 380), "url(#warmWall)"),
    wallpaper(),
    shelf(),
    lamp(),
    area(ellipse(596, 1210, 250, 74), "#7a3b4e"),
    shape(ellipse(596, 1206, 236, 62), "#b5566b", 2.4),
    hatching([380, 1150, 800, 1200], { pitch: 7, angle: 78, width: 0.9, seed: 8, colour: "#6d2f43" }),
    at(678, 1050, robotBody({ metal: "url(#steel)", dark: "#4a6478", glow: "#ffb347" }), { scale: 0.86 }),
    at(678, 1006, robotHead({ metal: "url(#steel)", dark: "#4a6478", glow: "#ffc861" }), {
      scale: 0.8,
      turn: -6,
    }),
    shape(catBody, "#e8923c", 2.8),
    clipped(
      catShade,
      hatching([440, 1060, 500, 1180], { pitch: 5, angle: 62, width: 0.9, seed: 4, colour: "#8a4a17" }),
    ),
    at(518, 1024, catHead({ look: "happy", fur: "#f2a24b", shade: "#b9621c" }), { scale: 0.74, turn: 5 }),
    sheet(),
    at(540, 1150, paw("#f2a24b"), { scale: 0.62, turn: 14 }),
    shape("M704 1140Q716 1128 728 1136L742 1158Q734 1176 716 1170Z", "url(#steel)", 2.2),
    balloon(["NOW I SEE", "EVERY LINE!"], [488, 890], [72, 38], [512, 956], { height: 12.5, seed: 12 }),
    balloon(["AND EVERY", "DOT."], [600, 942], [52, 28], [640, 976], { height: 10.5, seed: 13 }),
    shape(box(716, 1148, 46, 16), "#fff3c4", 1.6),
    lettering(["THE END"], [739, 1156], { height: 6.5, seed: 2 }),
  ].join("");
}

function wallpaper() {
  let d = "";
  for (let x = 414; x < 790; x += 26) d += `M${x} 810v380`;
  const shade = gradedDots([400, 820, 790, 1180], { pitch: 5, angle: 45, colour: "#6b3d2e" }, (x, y) =>
    Math.min(0.42, Math.max(0, (Math.hypot(x - 610, (y - 960) * 1.1) - 120) / 420)),
  );
  return ink(d, 0.6, { stroke: "#c98d5a" }) + shade;
}

function shelf() {
  const next = random(77);
  const colours = ["#b7413c", "#2f6f7e", "#d9a441", "#4f5d95", "#6a8f4e", "#e8d9b0"];
  const books = [];
  for (let x = 700; x < 786; ) {
    const [width, height] = [7 + next() * 8, 36 + next() * 18];
    const cover = shape(
      box(x, 928 - height, width, height),
      colours[Math.floor(next() * colours.length)],
      1.4,
    );
    books.push(cover + ink(`M${n(x)} ${n(934 - height)}h${n(width)}M${n(x)} 920h${n(width)}`, 0.7));
    x += width + 0.8;
  }
  return books.join("") + shape(box(690, 928, 110, 8), "#7c4a2a", 2);
}

function lamp() {
  return (
    area("M560 872L668 872L770 1180L430 1180Z", "url(#lampCone)") +
    ink("M614 800L614 838", 2.4) +
    shape("M592 838L636 838L668 872L560 872Z", "#2f6f7e", 2.6) +
    area(ellipse(614, 873, 30, 6), "#fff6cf") +
    area(circle(614, 878, 90), "url(#lampGlow)")
  );
}

function sheet() {
  const fills = ["#9fd0e6", "url(#toneMiddle)", "#f6c9a8", "#f3e08a"];
  return at(556, 1078, comicSheet(150, 96, fills, 1.8), { turn: -4 });
}
