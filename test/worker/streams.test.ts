import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, describe, expect, it } from "vitest";
import { EXIT } from "../../protocol/error-codes.js";
import type { ClientMessage } from "../../protocol/messages.js";
import { encodeMessage, type RawMessage } from "../../src/wire/codec.js";
import { MessageReader } from "../../src/wire/message-reader.js";
import { screentonePage } from "../support/pages.js";
import { CLI, collect, type Ended } from "../support/worker.js";
import { workerPool } from "../support/worker-pool.js";

const { start, startTestWorker } = workerPool();
const page = await screentonePage(48, 32);
const folder = mkdtempSync(join(tmpdir(), "worker-streams-"));
afterAll(() => rmSync(folder, { recursive: true }));

const HELLO = { t: "hello", proto: 1, client: { name: "test", version: "0" } } as const;
const PAGES = 12;

const conversation = framesOf([
  HELLO,
  ...Array.from({ length: PAGES }, (_, index) => ({ t: "upscale", id: index + 1, data: page }) as const),
]);

function framesOf(messages: readonly ClientMessage[]): Buffer {
  return Buffer.concat(messages.flatMap((message) => encodeMessage(message)));
}

function messagesOf(bytes: Uint8Array): RawMessage[] {
  const messages: RawMessage[] = [];
  const reader = new MessageReader((message) => messages.push(message));
  reader.push(bytes);
  reader.end();
  return messages;
}

/** Runs a line of shell in which `worker` is the program on the CPU. */
function shell(line: string): Promise<Ended> {
  const program = `worker() { "${process.execPath}" "${CLI}" worker --gpu-id -1 --log-level warn "$@"; }`;
  const child = spawn("sh", ["-c", `${program}\n${line}`], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
  });
  return collect(child);
}

/** Holds that every page has a result, and that the end was an orderly one. */
function expectServed(messages: readonly RawMessage[]): void {
  const results = messages.filter(({ t }) => t === "result").map(({ id }) => Number(id));
  expect(results.sort((a, b) => a - b)).toEqual(Array.from({ length: PAGES }, (_, index) => index + 1));
  expect(messages.at(-1)).toEqual({ t: "bye" });
}

describe("standard input and output", () => {
  writeFileSync(join(folder, "requests"), conversation);

  it("may be files", async () => {
    const { code, stderr } = await shell("worker < requests > answers");
    expect({ code, stderr }).toEqual({ code: EXIT.ok, stderr: "" });
    expectServed(messagesOf(readFileSync(join(folder, "answers"))));
  });

  it("may be pipes", async () => {
    const { code, stdout } = await shell("cat requests | worker | cat");
    expect(code).toBe(EXIT.ok);
    expectServed(messagesOf(stdout));
  });

  it("may be the two directions of one TCP connection", async () => {
    const server = createServer({ pauseOnConnect: true }).listen(0, "127.0.0.1");
    const connection = new Promise<Socket>((resolve) => server.once("connection", resolve));
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as { port: number };
    const script = `process.stdin.pipe(require("net").connect(${port}, "127.0.0.1")).pipe(process.stdout)`;
    const client = spawn(process.execPath, ["-e", script], { stdio: ["pipe", "pipe", "inherit"] });
    const answers: Buffer[] = [];
    client.stdout.on("data", (chunk: Buffer) => answers.push(chunk));
    const socket = await connection;
    const worker = spawn(process.execPath, [CLI, "worker", "--gpu-id", "-1"], {
      stdio: [socket, socket, "ignore"],
    });
    const exited = new Promise((resolve) => worker.once("exit", resolve));
    socket.destroy();
    const closed = new Promise((resolve) => client.once("close", resolve));
    client.stdin.end(conversation);
    expect(await exited).toBe(EXIT.ok);
    await closed;
    expectServed(messagesOf(Buffer.concat(answers)));
    server.close();
  });

  it.each([
    ["input", "worker <&-", ["hello", "bye"]],
    ["output", "worker < requests >&-", []],
    ["input and output", "worker <&- >&-", []],
    ["input, output and error", "worker <&- >&- 2>&-", []],
  ])("may be closed at the start: %s", async (_, line, types) => {
    const { code, stdout } = await shell(line);
    expect(code).toBe(EXIT.ok);
    // The model may or may not be loaded before the end.
    expect(
      messagesOf(stdout)
        .filter(({ t }) => t !== "ready")
        .map(({ t }) => t),
    ).toEqual(types);
  });

  it("ends the worker with a reason when the output is a full disk", async () => {
    const run = await shell("worker < requests > /dev/full");
    expect(run).toMatchObject({ code: EXIT.internal, stderr: expect.stringContaining("ENOSPC") });
  });
});

describe("noise on standard output", () => {
  it("of JavaScript and of system calls goes to standard error", async () => {
    const worker = startTestWorker("--fault", "stdout-noise").hello();
    worker.send({ t: "upscale", id: 1, data: page });
    expect(await worker.answer(1)).toMatchObject({ t: "result" });
    const { code, stdout, stderr } = await worker.endInput().ended;
    expect(code).toBe(EXIT.ok);
    expect(messagesOf(stdout).map(({ t }) => t)).toEqual(["hello", "ready", "result", "bye"]);
    for (const source of ["JavaScript", "native code"]) expect(stderr).toContain(`noise from ${source}`);
  });

  it("does not reach the frames of the program either, from its guard to its end", async () => {
    const noise = `import { readlinkSync, writeSync } from "node:fs";
      const isGuarded = () => readlinkSync("/proc/self/fd/1") === readlinkSync("/proc/self/fd/2");
      setInterval(() => { if (isGuarded()) { console.log("from JavaScript"); writeSync(1, "from a call\\n"); } }, 1).unref();`;
    const preload = `--import=data:text/javascript,${encodeURIComponent(noise)}`;
    const worker = start(undefined, { NODE_OPTIONS: preload }).hello();
    worker.send({ t: "upscale", id: 1, data: page });
    await worker.answer(1);
    const { stdout, stderr } = await worker.endInput().ended;
    expect(messagesOf(stdout).map(({ t }) => t)).toEqual(["hello", "ready", "result", "bye"]);
    expect(stderr).toContain("from JavaScript");
    expect(stderr).toContain("from a call");
  });
});

describe("a client that never says hello", () => {
  it("is waited for, and may still say it", async () => {
    const worker = start();
    await worker.type("ready");
    await delay(1200);
    expect(worker.process.exitCode).toBeNull();
    worker.hello().send({ t: "ping", nonce: 1 });
    expect(await worker.type("pong")).toMatchObject({ nonce: 1 });
  });

  it("ends the worker in order with the end of the input", async () => {
    const worker = start().endInput();
    expect((await worker.ended).code).toBe(EXIT.ok);
    expect(worker.messages.at(-1)).toEqual({ t: "bye" });
  });
});
