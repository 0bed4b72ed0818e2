import { z } from "zod";
import {
  bytes,
  durationMs,
  flag,
  graceMs,
  integer,
  label,
  listOf,
  map,
  name,
  oneOf,
  requestId,
  text,
  u32,
} from "./fields.js";

/** Messages from the client to the worker. Unknown fields are dropped: a newer client may send them. */

/** Formats that an output image can have. */
export const OUTPUT_FORMATS = ["webp", "jpeg", "png"] as const;

/** Values of `priority`. */
export const PRIORITY = { prefetch: 0, normal: 1, visible: 2 } as const;

export const MAX_FIT_SIDE = 65_535;
export const MIN_TILE = 32;
export const MAX_TILE = 16_384;

export const SHUTDOWN_MODES = ["drain", "now"] as const;

const priority = integer(PRIORITY.prefetch, PRIORITY.visible);
const side = integer(1, MAX_FIT_SIDE);
/** 0 leaves the choice to the worker's memory. */
const tileSide = z.union([z.literal(0), integer(MIN_TILE, MAX_TILE)], {
  error: `0 or an integer from ${MIN_TILE} to ${MAX_TILE}`,
});

const clientHello = map({
  t: z.literal("hello"),
  proto: u32,
  client: map({ name: text, version: text }),
  features: listOf(text, "strings").optional(),
  parent_pid: integer(1, 0x7fff_ffff).optional(),
});

const upscale = map({
  t: z.literal("upscale"),
  id: requestId,
  model: name.optional(),
  scale: integer(1, 4).optional(),
  noise: integer(-1, 3).optional(),
  tile: tileSide.optional(),
  fit: map({ width: side.optional(), height: side.optional() }).optional(),
  format: oneOf(OUTPUT_FORMATS).optional(),
  quality: integer(1, 100).optional(),
  effort: integer(0, 6).optional(),
  lossless: flag.optional(),
  priority: priority.optional(),
  timeout_ms: durationMs.optional(),
  progress: flag.optional(),
  strips: flag.optional(),
  label: label.optional(),
  data: bytes,
});

const update = map({
  t: z.literal("update"),
  id: requestId,
  priority: priority.optional(),
  timeout_ms: durationMs.optional(),
});

const cancel = map({ t: z.literal("cancel"), id: requestId });

const ping = map({ t: z.literal("ping"), nonce: u32 });

const statsRequest = map({ t: z.literal("stats"), nonce: u32 });

const shutdown = map({
  t: z.literal("shutdown"),
  mode: oneOf(SHUTDOWN_MODES),
  grace_ms: graceMs.optional(),
});

/** Every message that a client may send, by its type. */
export const CLIENT_MESSAGES = {
  hello: clientHello,
  upscale,
  update,
  cancel,
  ping,
  stats: statsRequest,
  shutdown,
} as const;

export type ClientMessageType = keyof typeof CLIENT_MESSAGES;
export type ClientHello = z.infer<typeof clientHello>;
export type UpscaleMessage = z.infer<typeof upscale>;
export type UpdateMessage = z.infer<typeof update>;
export type CancelMessage = z.infer<typeof cancel>;
export type PingMessage = z.infer<typeof ping>;
export type StatsRequestMessage = z.infer<typeof statsRequest>;
export type ShutdownMessage = z.infer<typeof shutdown>;
export type ClientMessage =
  | ClientHello
  | UpscaleMessage
  | UpdateMessage
  | CancelMessage
  | PingMessage
  | StatsRequestMessage
  | ShutdownMessage;
