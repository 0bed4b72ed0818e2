import type { Random } from "./random.js";

type Message = Readonly<Record<string, unknown>>;

/** Values at and past the bounds of what fields allow. */
const VALUES: readonly unknown[] = [
  0,
  1,
  -1,
  2,
  100,
  101,
  4096,
  65_536,
  0x7fff_ffff,
  0xffff_fffe,
  0xffff_ffff,
  -0x8000_0000,
  true,
  false,
  null,
  "",
  "webp",
  "drain",
  "now",
  "\u{1f4d6}",
  "x".repeat(300),
  [],
  [1, "a", null],
  {},
  { width: 1 },
  new Uint8Array(0),
  Uint8Array.of(0xff, 0xd8, 0xff),
];

const NAMES = [
  "t",
  "id",
  "nonce",
  "data",
  "priority",
  "fit",
  "mode",
  "constructor",
  "toString",
  "é",
  "",
] as const;
const TYPES = ["upscale", "update", "cancel", "ping", "stats", "hello", "bye", "result", ""] as const;

/** Bytes that start other values, or end the range of one. */
const BYTES = [
  0x00, 0x01, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc4, 0xc6, 0xca, 0xcf, 0xd4,
] as const;
const MORE_BYTES = [0xd6, 0xd9, 0xdb, 0xdc, 0xdd, 0xde, 0xdf, 0xe0, 0xff] as const;
const ODD_BYTES = [...BYTES, ...MORE_BYTES] as const;

/** Changes what a message says: one to three of its fields get another value, vanish or appear. */
export function mutateFields(message: Message, random: Random): Message {
  const changed: Record<string, unknown> = { ...message };
  for (let left = 1 + random.below(3); left > 0; left--) {
    const field = random.oneIn(3) ? random.pick(NAMES) : random.pick(Object.keys(changed));
    const action = random.below(8);
    if (action === 0) delete changed[field];
    else if (action === 1) changed.t = random.pick(TYPES);
    else if (action === 2 && changed.data instanceof Uint8Array && changed.data.length > 0) {
      changed.data = mutateBytes(changed.data, random);
    } else changed[field] = random.pick(VALUES);
    if (Object.keys(changed).length === 0) changed.t = "ping";
  }
  return changed;
}

/** Changes bytes anywhere: one to four times it flips, overwrites, inserts, removes or doubles some. */
export function mutateBytes(bytes: Uint8Array, random: Random): Buffer {
  let changed: Buffer = Buffer.from(bytes);
  for (let left = 1 + random.below(4); left > 0; left--) changed = mutateOnce(changed, random);
  return changed;
}

function mutateOnce(bytes: Buffer, random: Random): Buffer {
  const at = random.below(bytes.length + 1);
  const end = Math.min(bytes.length, at + 1 + random.below(8));
  switch (random.below(7)) {
    case 0:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)]);
    case 1:
      return Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)]);
    case 2:
      return Buffer.concat([
        bytes.subarray(0, at),
        Uint8Array.of(random.pick(ODD_BYTES)),
        bytes.subarray(at),
      ]);
    case 3:
      return bytes.subarray(0, at);
    case 4:
      return overwrite(bytes, at, random.pick(ODD_BYTES));
    case 5:
      return overwrite(bytes, at, random.below(256));
    default:
      return overwrite(bytes, at, (bytes[at] ?? 0) ^ (1 << random.below(8)));
  }
}

function overwrite(bytes: Buffer, at: number, value: number): Buffer {
  const changed = Buffer.from(bytes);
  if (at < changed.length) changed[at] = value;
  return changed;
}
