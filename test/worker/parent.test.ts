import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import { EXIT } from "../../protocol/error-codes.js";
import type { ClientMessage } from "../../protocol/messages.js";
import { encodeMessage, type RawMessage } from "../../src/wire/codec.js";
import { MessageReader } from "../../src/wire/message-reader.js";
import { screentonePage } from "../support/pages.js";
import { TEST_WORKER } from "../support/worker.js";
import { workerPool } from "../support/worker-pool.js";

const { startTestWorker } = workerPool();
const page = await screentonePage(48, 32);

const children: ChildProcessWithoutNullStreams[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

function start(command: string, args: readonly string[]): ChildProcessWithoutNullStreams {
  const child = spawn(command, args);
  child.stdin.on("error", () => undefined);
  children.push(child);
  return child;
}

function hello(parentPid?: number): ClientMessage {
  const client = { name: "test", version: "0" };
  return parentPid === undefined
    ? { t: "hello", proto: 1, client }
    : { t: "hello", proto: 1, client, parent_pid: parentPid };
}

/** Resolves with whether the stream has ended within the time. */
function endsWithin(child: ChildProcessWithoutNullStreams, ms: number): Promise<boolean> {
  const ended = once(child.stdout, "end").then(() => true);
  const late = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), ms).unref());
  return Promise.race([ended, late]);
}

describe("a client that is killed while this process keeps the worker's pipes open", () => {
  it.each([
    ["its parent, unnamed", false],
    ["its parent, named as parent_pid", true],
  ])("takes the worker with it: %s", async (_, isNamed) => {
    // The shell stands for the client: the worker is its child, and reads what this process writes.
    const script = '"$0" "$1" --fault slow=60000 <&3 & wait';
    const client = start("sh", ["-c", `exec 3<&0; ${script}`, process.execPath, TEST_WORKER]);
    const messages: RawMessage[] = [];
    const reader = new MessageReader((message) => messages.push(message));
    client.stdout.on("data", (chunk: Buffer) => reader.push(chunk));
    const requests = [
      hello(isNamed ? client.pid : undefined),
      { t: "upscale", id: 1, data: page } as const,
      { t: "ping", nonce: 1 } as const,
    ];
    for (const message of requests) client.stdin.write(Buffer.concat(encodeMessage(message)));
    await expect.poll(() => messages.at(-1)?.t, { timeout: 20_000 }).toBe("pong");
    client.kill("SIGKILL");
    // Its standard output is also the worker's; it ends when both are gone.
    expect(await endsWithin(client, 4000)).toBe(true);
    expect(messages.some(({ t }) => t === "result")).toBe(false);
  });

  it("takes the worker with it: another process, named as parent_pid", async () => {
    const client = start("sleep", ["600"]);
    const worker = startTestWorker("--fault", "slow=60000");
    worker.send(hello(client.pid)).send({ t: "upscale", id: 1, data: page }).send({ t: "ping", nonce: 1 });
    await worker.type("pong");
    client.kill("SIGKILL");
    const since = performance.now();
    expect((await worker.ended).code).toBe(EXIT.ok);
    expect(performance.now() - since).toBeLessThan(4000);
  });
});
