import { DEFAULT_WORKER_LIMITS } from "../../protocol/limits.js";
import type { WorkerMessage } from "../../protocol/messages.js";
import { announcedLimits } from "../session/reports.js";
import { encodeMessage } from "../wire/codec.js";
import { FrameWriter } from "../wire/frame-writer.js";
import { MessageReader } from "../wire/message-reader.js";

const NOTHING = { queue: 0, decode: 0, upscale: 0, encode: 0, total: 0 };

/**
 * Speaks the protocol, and answers every page at once with so many bytes: what is measured around it costs whatever is
 * in between. Ends with its input.
 */
export async function runInstantWorker(answerBytes: number): Promise<void> {
  const writer = new FrameWriter(process.stdout);
  const say = (message: WorkerMessage) => writer.write(encodeMessage(message));
  const data = Buffer.alloc(answerBytes, 1);
  say({
    ...{ t: "hello", proto: [1], name: "instant", version: "0", pid: process.pid, features: [] },
    limits: announcedLimits(DEFAULT_WORKER_LIMITS),
  });
  const reader = new MessageReader(({ t: type, id }) => {
    if (type === "hello") {
      const devices = [{ index: -1, name: "instant", backend: "cpu", memory_mb: 0 }];
      const models = [{ name: "none", scales: [2] }];
      say({ t: "ready", devices, models, default_model: "none", load_ms: 0 });
    } else if (type === "upscale") {
      say({
        ...{ t: "result", id: id as number, width: 1, height: 1, format: "webp", model: "none", tile: 0 },
        ...{ precision: "none", device: "instant", cache_key: "none", warnings: [], timings_us: NOTHING },
        ...{ source: { width: 1, height: 1, format: "webp" }, data },
      });
    } else if (type === "shutdown") {
      say({ t: "bye" });
    }
  });
  for await (const chunk of process.stdin) reader.push(chunk as Uint8Array);
  await writer.flush();
}
