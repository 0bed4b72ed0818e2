import { z } from "zod";
import { OUTPUT_FORMATS } from "./client-messages.js";
import {
  bytes,
  flag,
  i32,
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

/**
 * Messages from the worker to the client. A client ignores unknown fields and unknown types, and takes a code that it
 * does not know by its `retryable`; codes are therefore strings here and not a closed list.
 */

const workerHello = map({
  t: z.literal("hello"),
  proto: listOf(u32, "integers"),
  name: text,
  version: text,
  pid: u32,
  features: listOf(text, "strings"),
  limits: map({
    max_frame: u32,
    max_in_flight: u32,
    max_in_flight_bytes: u32,
    max_input_pixels: u32,
    max_output_side: u32,
  }),
});

const device = map({ index: i32, name: text, backend: name, memory_mb: u32 });
const model = map({ name, scales: listOf(integer(1, 4), "scales") });

const ready = map({
  t: z.literal("ready"),
  devices: listOf(device, "devices"),
  models: listOf(model, "models"),
  default_model: name,
  load_ms: u32,
});

const result = map({
  t: z.literal("result"),
  id: requestId,
  label: label.optional(),
  width: u32,
  height: u32,
  format: oneOf(OUTPUT_FORMATS),
  /** Absent for formats without a choice. */
  effort: u32.optional(),
  model: text,
  precision: text,
  tile: u32,
  device: text,
  cache_key: text,
  source: map({ width: u32, height: u32, format: text }),
  timings_us: map({ queue: u32, decode: u32, upscale: u32, encode: u32, total: u32 }),
  warnings: listOf(text, "strings"),
  /** Absent when the page was sent in strips. */
  data: bytes.optional(),
});

const strip = map({
  t: z.literal("strip"),
  id: requestId,
  label: label.optional(),
  index: u32,
  count: u32,
  y: u32,
  width: u32,
  height: u32,
  format: oneOf(OUTPUT_FORMATS),
  data: bytes,
});

const error = map({
  t: z.literal("error"),
  id: requestId,
  label: label.optional(),
  code: text,
  message: text,
  retryable: flag,
  detail: text.optional(),
});

const progress = map({ t: z.literal("progress"), id: requestId, done: u32, total: u32 });

const pong = map({ t: z.literal("pong"), nonce: u32, queued: u32, running: u32 });

const stage = map({
  queued: u32,
  running: u32,
  busy_ms: u32,
  holding: u32.optional(),
  done: u32.optional(),
  failed: u32.optional(),
  waits: u32.optional(),
  wait_ms: u32.optional(),
  longest_wait_ms: u32.optional(),
  most_queued: u32.optional(),
});

const stats = map({
  t: z.literal("stats"),
  nonce: u32,
  uptime_ms: u32,
  queued: u32,
  running: u32,
  in_flight_bytes: u32,
  unsent_bytes: u32,
  /** Requests answered since the start, by `result` or the code of their `error`. */
  outcomes: z.record(text, u32, { error: "a map of integers" }),
  stages: z.record(text, stage, { error: "a map of stages" }),
  /** Memory of the process by kind, in MiB. */
  memory_mb: z.record(text, u32, { error: "a map of integers" }),
});

const goaway = map({ t: z.literal("goaway"), reason: text });

const bye = map({ t: z.literal("bye") });

const fatal = map({
  t: z.literal("fatal"),
  code: text,
  message: text,
  id: requestId.optional(),
});

/** Every message that a worker may send, by its type. */
export const WORKER_MESSAGES = {
  hello: workerHello,
  ready,
  result,
  strip,
  error,
  progress,
  pong,
  stats,
  goaway,
  bye,
  fatal,
} as const;

export type WorkerHello = z.infer<typeof workerHello>;
export type ReadyMessage = z.infer<typeof ready>;
export type ResultMessage = z.infer<typeof result>;
export type StripMessage = z.infer<typeof strip>;
export type ErrorMessage = z.infer<typeof error>;
export type ProgressMessage = z.infer<typeof progress>;
export type PongMessage = z.infer<typeof pong>;
export type StageStats = z.infer<typeof stage>;
export type StatsMessage = z.infer<typeof stats>;
export type GoawayMessage = z.infer<typeof goaway>;
export type ByeMessage = z.infer<typeof bye>;
export type FatalMessage = z.infer<typeof fatal>;
export type WorkerMessage =
  | WorkerHello
  | ReadyMessage
  | ResultMessage
  | StripMessage
  | ErrorMessage
  | ProgressMessage
  | PongMessage
  | StatsMessage
  | GoawayMessage
  | ByeMessage
  | FatalMessage;
