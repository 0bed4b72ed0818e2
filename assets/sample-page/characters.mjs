// The cat and the robot. Each is drawn around its own origin, in pixels at scale 1, and placed by the panels.
import { area, box, circle, clipped, ellipse, group, ink, polygon, shape } from "./svg.mjs";

/**
 * A cat's head, 150 wide, centred on the origin.
 *
 * @param look "squint", "wide" or "happy"
 * @param fur fill of the face, `shade` that of ears and stripes
 */
export function catHead({ look, fur, shade, iris = "#fff" }) {
  const ears =
    shape("M-66 -30Q-74 -84 -62 -104Q-30 -92 -14 -66Z", fur, 3) +
    shape("M66 -30Q74 -84 62 -104Q30 -92 14 -66Z", fur, 3) +
    area("M-58 -44Q-62 -78 -57 -90Q-38 -80 -28 -66Z", shade) +
    area("M58 -44Q62 -78 57 -90Q38 -80 28 -66Z", shade);
  const face = "M0 -72C44 -74 78 -46 80 -4C82 42 44 66 0 66C-44 66 -82 42 -80 -4C-78 -46 -44 -74 0 -72Z";
  const stripes = area(
    "M-7 -72L-4 -44L1 -72ZM9 -71L10 -50L17 -70ZM-23 -69L-16 -48L-14 -71ZM-80 6L-52 10L-79 16ZM-76 24L-52 22L-72 33ZM80 6L52 10L79 16ZM76 24L52 22L72 33Z",
    shade,
  );
  const muzzle =
    area(ellipse(0, 34, 36, 24), "#fff") + ink("M-36 34Q-34 14 -12 14", 1) + ink("M36 34Q34 14 12 14", 1);
  const nose = shape("M-9 16Q0 12 9 16Q6 25 0 27Q-6 25 -9 16Z", "#222", 1.5);
  const mouths = {
    squint: "M0 27L0 34M0 34Q-8 44 -18 40M0 34Q8 44 18 40",
    wide: "M0 27L0 33",
    happy: "M0 27L0 34M0 34Q-10 46 -22 37M0 34Q10 46 22 37",
  };
  const open = look === "wide" ? shape("M-11 36Q0 30 11 36Q12 56 0 57Q-12 56 -11 36Z", "#333", 2) : "";
  const whiskers = ink(
    "M-40 30L-104 18M-40 36L-106 38M-39 42L-98 58M40 30L104 18M40 36L106 38M39 42L98 58",
    1,
  );
  const outline = ink(face, 3);
  return group(
    `${ears}${area(face, fur)}${clipped(face, stripes)}${outline}${muzzle}${nose}${ink(mouths[look], 2.2)}${open}${eyes(look, iris)}${whiskers}`,
  );
}

function eyes(look, iris) {
  if (look === "happy") return ink("M-52 0Q-36 -20 -20 0M20 0Q36 -20 52 0", 4);
  const lid = look === "squint" ? 11 : 25;
  const one = (x) => {
    const outline = ellipse(x, -8, look === "squint" ? 20 : 22, lid);
    const pupil = look === "squint" ? ellipse(x, -8, 4, 10) : ellipse(x, -8, 11, 18);
    const content = area(ellipse(x, -8, 17, 22), iris) + area(pupil, "#111");
    const light =
      area(circle(x - 6, -16, look === "squint" ? 2 : 5), "#fff") + area(circle(x + 5, 2, 2), "#fff");
    return area(outline, "#fff") + clipped(outline, content + light) + ink(outline, 2.4);
  };
  const brows =
    look === "squint"
      ? ink("M-58 -30L-22 -22M58 -30L22 -22", 3)
      : ink("M-54 -44Q-38 -54 -22 -46M54 -44Q38 -54 22 -46", 2);
  return one(-36) + one(36) + brows;
}

/** A paw reaching up, 34 wide; the arm leaves downward. */
export function paw(fur) {
  return (
    shape("M-15 90Q-20 30 -17 8Q-14 -12 0 -12Q14 -12 17 8Q20 30 15 90", fur, 2.6) +
    ink("M-6 -10Q-7 -2 -6 4M6 -10Q7 -2 6 4", 1.6)
  );
}

/** A robot's head, 130 wide, centred on the origin; `glow` fills its eyes. */
export function robotHead({ metal, dark, glow }) {
  const antenna = ink("M0 -60L0 -84", 3) + shape(circle(0, -90, 7), glow, 2.2);
  const ears = shape(box(-80, -22, 16, 40, 4), dark, 2.4) + shape(box(64, -22, 16, 40, 4), dark, 2.4);
  const skull = box(-66, -60, 132, 108, 26);
  const plate = ink("M-66 -30L66 -30", 1.2) + ink("M-40 -60L-40 -30M40 -60L40 -30", 0.8);
  const rivets = [-54, 54]
    .map((x) => shape(circle(x, -44, 3), "#fff", 1) + shape(circle(x, 36, 3), "#fff", 1))
    .join("");
  const eye = (x) =>
    shape(circle(x, -4, 24), dark, 2.6) +
    shape(circle(x, -4, 17), glow, 2) +
    ink(circle(x, -4, 10), 0.8) +
    area(circle(x - 6, -10, 4.5), "#fff");
  const grille =
    shape(box(-30, 26, 60, 14, 6), "#fff", 2) + ink("M-18 26L-18 40M-6 26L-6 40M6 26L6 40M18 26L18 40", 1.2);
  return group(`${antenna}${ears}${shape(skull, metal, 3)}${plate}${rivets}${eye(-30)}${eye(30)}${grille}`);
}

/** A robot's body under its head, 120 wide and 150 high, its neck at the origin. */
export function robotBody({ metal, dark, glow }) {
  const neck = shape(box(-16, -8, 32, 22), dark, 2.2) + ink("M-16 0L16 0M-16 7L16 7", 1);
  const trunk = shape("M-52 14L52 14Q66 14 64 30L56 150Q0 164 -56 150L-64 30Q-66 14 -52 14Z", metal, 3);
  const panel = shape(box(-34, 36, 68, 46, 6), "#fff", 1.8);
  const dials =
    shape(circle(-16, 52, 9), dark, 1.4) +
    ink("M-16 52L-11 46", 1.4) +
    ink("M4 46L26 46M4 52L22 52M4 58L28 58", 1);
  const lamps = [-20, -2, 16]
    .map((x, index) => shape(circle(x, 72, 4), index === 1 ? glow : "#fff", 1.2))
    .join("");
  const seams = ink("M-60 100Q0 112 60 100", 1) + ink("M0 108L0 156", 0.8);
  return group(`${neck}${trunk}${panel}${dials}${lamps}${seams}`);
}

/** A comic page held up, seen from the front: `width` x `height`, its panels filled by `fills` in reading order. */
export function comicSheet(width, height, fills, line = 1.4) {
  const [w, h, m] = [width, height, Math.max(width * 0.07, 1.5)];
  const inside = [w - 2 * m, h - 2 * m];
  const frames = [
    [m, m, inside[0], inside[1] * 0.3],
    [m, m * 1.5 + inside[1] * 0.3, inside[0] * 0.45, inside[1] * 0.34],
    [m * 1.6 + inside[0] * 0.45, m * 1.5 + inside[1] * 0.3, inside[0] * 0.55 - m * 0.6, inside[1] * 0.34],
    [m, m * 2 + inside[1] * 0.64, inside[0], inside[1] * 0.36 - m],
  ];
  const panels = frames
    .map((frame, index) => shape(box(...frame), fills[index % fills.length], line))
    .join("");
  return (
    shape(
      polygon([
        [0, 0],
        [w, 0],
        [w, h],
        [0, h],
      ]),
      "#fff",
      line * 1.3,
    ) + panels
  );
}
