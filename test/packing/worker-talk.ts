import type { WorkerMessage } from "../../protocol/messages.js";
import { encodeMessage } from "../../src/wire/codec.js";

/** What a worker says, for tests of those who listen. */

export const HELLO: WorkerMessage = {
  ...{ t: "hello", proto: [1], name: "w", version: "1", pid: 1, features: [] },
  limits: { max_frame: 1, max_in_flight: 1, max_in_flight_bytes: 1, max_input_pixels: 1, max_output_side: 1 },
};

export const BYE: WorkerMessage = { t: "bye" };

export function result(
  id: number,
  label?: string,
  data: Uint8Array | null = Buffer.from(`page ${id}`),
): WorkerMessage {
  return {
    ...{
      t: "result",
      id,
      label,
      width: 2,
      height: 2,
      format: "webp",
      model: "m",
      precision: "fp16",
      tile: 1,
    },
    ...{ device: "d", cache_key: "k", source: { width: 1, height: 1, format: "jpeg" }, warnings: [] },
    timings_us: { queue: 1, decode: 1, upscale: 1, encode: 1, total: 4 },
    data: data ?? undefined,
  };
}

export function strip(id: number, index: number, count: number, label?: string): WorkerMessage {
  const data = Buffer.from(`strip ${index}`);
  return { t: "strip", id, label, index, count, y: index, width: 2, height: 1, format: "webp", data };
}

export function failure(id: number, code = "decode_failed", label?: string): WorkerMessage {
  return { t: "error", id, label, code, message: "bad \x1b[2J", retryable: false };
}

export function frames(...messages: readonly WorkerMessage[]): Buffer {
  return Buffer.concat(messages.flatMap((message) => encodeMessage(message)));
}
