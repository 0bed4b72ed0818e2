import { readByteParts } from "../cases/byte-parts.js";

type Message = Readonly<Record<string, unknown>>;

const IMAGES = ["page.png", "page.jpg", "page.webp", "grey.png", "alpha.png", "palette.png"] as const;

/**
 * Legal messages that mutation starts from; every type that does not end the session, and requests most often.
 *
 * @param id a request id that was not used yet
 */
export function legalMessages(id: number): readonly Message[] {
  const requests = IMAGES.map((image, index) => ({
    t: "upscale",
    id,
    ...OPTIONS[index % OPTIONS.length],
    data: readByteParts([{ image }]),
  }));
  return [
    ...requests,
    { t: "update", id, priority: 2, timeout_ms: 60_000 },
    { t: "cancel", id },
    { t: "ping", nonce: 0xffff_ffff },
    { t: "stats", nonce: 0 },
    { t: "rotate", id, angle: -90, parts: [1, [2, { deep: true }], null] },
  ];
}

const OPTIONS: readonly Message[] = [
  { effort: 0 },
  { scale: 2, format: "png", priority: 0, progress: true },
  { quality: 80, effort: 0, lossless: true, fit: { width: 20, height: 20 } },
  { model: "bd2x-fast", tile: 64, timeout_ms: 60_000, format: "jpeg", strips: false },
];
