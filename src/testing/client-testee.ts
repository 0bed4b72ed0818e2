import { createHash } from "node:crypto";
import { createInterface } from "node:readline";
import { z } from "zod";
import { OUTPUT_FORMATS } from "../../protocol/client-messages.js";
import { RequestError, UpscaleClient, type UpscaleOptions, type UpscalePromise } from "../index.js";

/*
 * Lets the conformance kit drive the TypeScript client: JSON lines with what to do come on standard input, JSON lines with
 * what the client has made of it go to standard output. The worker to be spawned is named by CONFORMANCE_WORKER.
 */

const priority = z.literal([0, 1, 2]);
const operation = z.discriminatedUnion("op", [
  z.object({
    op: z.literal("upscale"),
    key: z.string(),
    data: z.base64(),
    priority: priority.optional(),
    timeout_ms: z.int().optional(),
    progress: z.boolean().optional(),
    quality: z.int().optional(),
    format: z.enum(OUTPUT_FORMATS).optional(),
  }),
  z.object({ op: z.literal("update"), key: z.string(), priority }),
  z.object({ op: z.literal("cancel"), key: z.string() }),
  z.object({ op: z.literal("close") }),
]);
type UpscaleOperation = Extract<z.infer<typeof operation>, { op: "upscale" }>;

function say(event: string, fields: Record<string, unknown> = {}): void {
  process.stdout.write(`${JSON.stringify({ event, ...fields })}\n`);
}

function sha256(data: Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

function optionsOf(asked: UpscaleOperation): UpscaleOptions {
  const { key, quality, format, priority, timeout_ms: timeoutMs, progress } = asked;
  return {
    ...(quality === undefined ? {} : { quality }),
    ...(format === undefined ? {} : { format }),
    ...{ priority, timeoutMs },
    ...(progress ? { onProgress: (done, total) => say("progress", { key, done, total }) } : {}),
  };
}

async function report(key: string, pending: UpscalePromise): Promise<void> {
  try {
    const { width, height, format, data, warnings } = await pending;
    say("result", { key, width, height, format, sha256: sha256(data), warnings });
  } catch (thrown) {
    if (!(thrown instanceof RequestError)) throw thrown;
    const { code, retryable, message } = thrown;
    say("error", { key, code, retryable, message });
  }
}

const [command = "", ...args] = z
  .array(z.string())
  .min(1)
  .parse(JSON.parse(process.env.CONFORMANCE_WORKER ?? "[]"));
const client = UpscaleClient.spawn({ command: { command, args } });
const pending = new Map<string, UpscalePromise>();
const reports: Promise<void>[] = [];

say("hello", { capabilities: ["restart", "progress", "update"] });
client.on("ready", () => say("ready"));
client.on("lost", ({ reason }) => say("lost", { reason }));

for await (const line of createInterface({ input: process.stdin })) {
  const asked = operation.parse(JSON.parse(line));
  if (asked.op === "close") break;
  if (asked.op === "update") pending.get(asked.key)?.update({ priority: asked.priority });
  else if (asked.op === "cancel") pending.get(asked.key)?.cancel();
  else {
    const page = client.upscale(Buffer.from(asked.data, "base64"), optionsOf(asked));
    pending.set(asked.key, page);
    reports.push(report(asked.key, page));
  }
}
const exit = await client.close();
await Promise.all(reports);
say("closed", { exit_code: exit?.code ?? null });
// Standard input may stay open for as long as the kit likes.
process.stdin.destroy();
