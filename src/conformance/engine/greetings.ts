import { MAX_FRAME_BYTES, PROTOCOL_VERSION } from "../../../protocol/limits.js";

/** What the step `greet` says on behalf of a client. */
export const CLIENT_HELLO = {
  t: "hello",
  proto: PROTOCOL_VERSION,
  client: { name: "conformance", version: "1" },
} as const;

/** What the step `greet` says on behalf of a worker, before `WORKER_READY`. */
export const WORKER_HELLO = {
  t: "hello",
  proto: [PROTOCOL_VERSION],
  name: "scripted worker",
  version: "1",
  pid: { $pid: "worker" },
  features: ["cancel", "update", "timeout", "progress", "stats"],
  limits: {
    max_frame: MAX_FRAME_BYTES,
    max_in_flight: 256,
    max_in_flight_bytes: 0x2000_0000,
    max_input_pixels: 0x400_0000,
    max_output_side: 16_383,
  },
} as const;

export const WORKER_READY = {
  t: "ready",
  devices: [{ index: -1, name: "scripted", backend: "cpu", memory_mb: 1 }],
  models: [{ name: "scripted", scales: [2] }],
  default_model: "scripted",
  load_ms: 0,
} as const;
