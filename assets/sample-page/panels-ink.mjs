// The panels between: ink and screentone, one with colour laid over.
import { catHead, comicSheet, paw, robotBody, robotHead } from "./characters.mjs";
import { balloon, lettering, noise } from "./lettering.mjs";
import { area, at, box, circle, clipped, ellipse, ink, n, polygon, shape } from "./svg.mjs";
import { focusLines, gradedDots, hatching } from "./tones.mjs";

const CAT = { fur: "url(#toneLight)", shade: "#333" };
const ROBOT = { metal: "url(#toneSteel)", dark: "#555", glow: "#fff" };

/** Panel 2: the cat squints at a tiny page. Drawn within x 20-400, y 300-610. */
export function tinyPage() {
  const body = "M72 560Q64 486 122 470L212 470Q276 486 262 560Z";
  const table = polygon([
    [20, 520],
    [400, 506],
    [400, 612],
    [20, 612],
  ]);
  return [
    area(box(20, 300, 390, 320), "#fff"),
    gradedDots([20, 300, 400, 520], { pitch: 4.6, angle: 45 }, (_, y) => 0.42 - (y - 300) / 520),
    window(),
    shape(body, CAT.fur, 3),
    clipped(body, hatching([70, 470, 112, 560], { pitch: 4.5, angle: 64, width: 1, seed: 3 })),
    at(164, 432, catHead({ look: "squint", ...CAT, iris: "#bbb" }), { scale: 0.92, turn: 4 }),
    shape(table, "#fff", 2.6),
    clipped(table, hatching([20, 520, 400, 612], { pitch: 6, angle: -4, width: 0.7, seed: 9 })),
    clipped(
      ellipse(206, 566, 132, 24),
      hatching([70, 540, 340, 592], { pitch: 4, angle: 38, width: 0.8, seed: 10 }),
    ),
    magnifier(),
    at(150, 524, paw(CAT.fur), { scale: 0.9, turn: 18 }),
    balloon(["THIS PAGE IS", "TOO SMALL!"], [312, 346], [76, 36], [240, 410], { height: 12.5, seed: 6 }),
    balloon(["ALL I SEE IS", "A BLUR..."], [90, 572], [62, 27], [140, 496], { height: 9.5, seed: 7 }),
  ].join("");
}

function window() {
  const panes = box(44, 328, 92, 104);
  return (
    shape(panes, "url(#toneDark)", 3) +
    clipped(panes, area(circle(68, 354, 16), "#fff") + area(circle(62, 349, 13.5), "url(#toneDark)")) +
    ink("M90 328v104M44 380h92", 3) +
    shape(box(38, 432, 104, 8), "#fff", 2)
  );
}

function magnifier() {
  const lens = circle(262, 520, 33);
  const sheet = comicSheet(17, 24, ["#ccc", "#fff", "#999", "#eee"], 0.6);
  const enlarged = at(
    243,
    494,
    comicSheet(40, 56, ["url(#toneCoarse)", "#fff", "url(#toneMiddle)", "#eee"], 1.6),
    { turn: -8 },
  );
  return (
    at(322, 530, sheet, { turn: 9 }) +
    ink("M288 542L334 586", 9) +
    ink("M288 542L334 586", 5, { stroke: "#999" }) +
    area(lens, "#fff") +
    clipped(lens, enlarged) +
    ink(lens, 5) +
    ink(circle(262, 520, 33), 1.4, { stroke: "#fff" }) +
    ink("M240 508Q246 496 258 494", 2, { stroke: "#fff" })
  );
}

/** Panel 3: the robot in the doorway, light behind it. Drawn within x 380-780, y 286-610. */
export function robotEnters() {
  const door = "M516 612L516 372Q516 330 560 330L676 330Q720 330 720 372L720 612Z";
  return [
    area(box(376, 280, 410, 340), "#fff"),
    gradedDots([376, 280, 786, 620], { pitch: 6.2, angle: 22 }, (x, y) =>
      Math.min(0.62, Math.max(0.06, Math.hypot(x - 618, (y - 480) * 0.8) / 430)),
    ),
    shape(door, "#fff", 3.4),
    clipped(door, focusLines([618, 420], { inner: 120, outer: 330, count: 60, thickness: 5, seed: 40 })),
    at(618, 492, robotBody(ROBOT), { scale: 1.05 }),
    arm(),
    clipped(
      "M556 508h40v120h-40Z",
      hatching([556, 508, 596, 612], { pitch: 4.4, angle: 58, width: 1, seed: 14 }),
    ),
    clipped(
      "M556 508h30v120h-30Z",
      hatching([556, 508, 590, 612], { pitch: 5, angle: -52, width: 0.8, seed: 15 }),
    ),
    at(618, 432, robotHead(ROBOT), { scale: 0.96, turn: 4 }),
    clipped(
      box(552, 374, 34, 104, 18),
      hatching([552, 374, 586, 478], { pitch: 4, angle: 60, width: 0.9, seed: 16 }),
    ),
    balloon(["GIVE IT", "TO ME!"], [456, 374], [62, 38], [544, 436], { height: 15, seed: 17 }),
    ink("M378 606L520 606M716 606L780 606", 2.4),
  ].join("");
}

function arm() {
  const upper = "M680 520Q722 532 726 574L704 580Q698 552 670 546Z";
  const lower = "M572 524Q516 536 486 500L498 482Q528 506 566 498Z";
  return (
    shape(upper, ROBOT.metal, 2.4) +
    shape(lower, ROBOT.metal, 2.4) +
    ink("M548 504L552 528M528 500L524 522", 1) +
    shape("M498 486Q476 474 462 488L472 496L460 506Q478 520 500 502Z", "#fff", 2.4)
  );
}

/** Panel 4: the page grows. Drawn within x 20-780, y 606-850. */
export function zoom() {
  const beam = polygon([
    [208, 752],
    [236, 744],
    [592, 640],
    [592, 838],
    [226, 790],
  ]);
  return [
    area(box(20, 600, 770, 260), "#fff"),
    area(box(20, 600, 770, 260), "url(#burst)"),
    focusLines([500, 735], { inner: 250, outer: 640, count: 150, thickness: 15, seed: 50 }),
    area(beam, "url(#beam)"),
    ink("M236 744L592 640M226 790L592 838", 1.2),
    gradedDots([40, 620, 240, 840], { pitch: 5.4, angle: 75, colour: "#d8352a" }, (x, y) =>
      Math.max(0, 0.36 - Math.hypot(x - 200, y - 768) / 300),
    ),
    at(196, 742, comicSheet(34, 48, ["#ccc", "#fff", "#aaa", "#eee"], 0.9), { turn: -9 }),
    at(214, 760, area(ellipse(0, 0, 4, 3), "#fff")),
    gripper(),
    at(584, 632, comicSheet(148, 204, ["url(#toneFine)", "#ffe27a", "url(#toneCoarse)", "#8fc7e8"], 2.6), {
      turn: 3,
    }),
    at(584, 632, content(), { turn: 3 }),
    noise(
      [
        { letter: "Z", x: 268, y: 676, size: 50, turn: -12 },
        { letter: "O", x: 326, y: 680, size: 58, turn: -6 },
        { letter: "O", x: 396, y: 686, size: 68, turn: 3 },
        { letter: "M", x: 480, y: 694, size: 78, turn: -4 },
        { letter: "!", x: 548, y: 692, size: 88, turn: 9 },
      ],
      { body: "#e2372b", edge: "#ffb3a1" },
    ),
    whirr(),
  ].join("");
}

/** White around black, since it stands on the lines. */
function whirr() {
  const lines = [
    ["CLICK...", "WHIRRR"],
    [100, 668],
  ];
  const passes = [
    { weight: 9, colour: "#fff" },
    { weight: 2.6, colour: "#111" },
  ];
  return passes.map((pass) => lettering(...lines, { height: 15, seed: 20, ...pass })).join("");
}

/** What is in the panels of the grown page: a hill, a sun, a face. */
function content() {
  return (
    ink("M14 58Q44 24 74 48Q104 22 134 58", 1.6) +
    shape(circle(108, 30, 9), "#fff", 1.4) +
    ink("M18 110Q40 84 66 112M30 120L52 120", 1.2) +
    shape(circle(106, 106, 17), "#fff", 1.6) +
    ink("M99 102l0.1 0M113 102l0.1 0", 3) +
    ink("M98 112Q106 119 114 112", 1.4) +
    ink("M14 184Q50 150 80 172T134 160", 1.6) +
    ink("M24 190l10 -14l10 14M92 188l8 -12l8 12", 1.2)
  );
}

function gripper() {
  return (
    shape("M20 800L96 782L128 790L128 812L100 814L20 846Z", "url(#steel)", 2.6) +
    ink("M50 794L56 828M78 788L84 820", 1.2) +
    shape("M122 786Q146 760 186 772L204 784L190 794Q160 784 146 800Z", "url(#steel)", 2.4) +
    shape("M122 814Q150 826 190 812L206 800L194 792Q160 806 144 798Z", "url(#steel)", 2.4) +
    shape(circle(130, 800, 11), "#fff", 2.2) +
    area(circle(130, 800, 3), "#111")
  );
}

/** Panel 5: the cat's eyes. Drawn within x 20-420, y 836-1180. */
export function wideEyes() {
  const reflection = (x) =>
    at(x, 1036, comicSheet(13, 18, ["#999", "#fff", "#777", "#ddd"], 0.6), { turn: 6 });
  return [
    area(box(20, 830, 410, 350), "#fff"),
    area(box(20, 830, 410, 350), "url(#toneRulings)"),
    focusLines([218, 1040], { inner: 178, outer: 420, count: 110, thickness: 8, seed: 60 }),
    at(218, 1060, catHead({ look: "wide", ...CAT, iris: "url(#irisGrey)" }), { scale: 1.62 }),
    reflection(168) + reflection(284),
    gradedDots(
      [100, 1080, 160, 1130],
      { pitch: 3.6, angle: 60 },
      (x, y) => 0.4 - Math.hypot(x - 122, (y - 1098) * 1.5) / 70,
    ),
    gradedDots(
      [276, 1080, 336, 1130],
      { pitch: 3.6, angle: 15 },
      (x, y) => 0.4 - Math.hypot(x - 314, (y - 1098) * 1.5) / 70,
    ),
    sparkle(64, 900, 16) + sparkle(372, 946, 12) + sparkle(352, 1128, 9) + sparkle(52, 1110, 10),
    balloon(["OH!"], [356, 886], [36, 25], [306, 944], { height: 17, seed: 22 }),
  ].join("");
}

function sparkle(x, y, r) {
  const d = `M${n(x)} ${n(y - r)}Q${n(x)} ${n(y)} ${n(x + r)} ${n(y)}Q${n(x)} ${n(y)} ${n(x)} ${n(y + r)}Q${n(x)} ${n(y)} ${n(x - r)} ${n(y)}Q${n(x)} ${n(y)} ${n(x)} ${n(y - r)}Z`;
  return shape(d, "#fff", 1.2);
}
