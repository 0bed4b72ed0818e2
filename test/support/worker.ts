import { type ChildProcessByStdio, type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import type { ClientMessage } from "../../protocol/messages.js";
import { PACKAGE_ROOT } from "../../src/package-root.js";
import { encodeMessage, type RawMessage } from "../../src/wire/codec.js";
import { MessageReader } from "../../src/wire/message-reader.js";

export const CLI = join(PACKAGE_ROOT, "dist", "src", "main.cjs");

/** The worker with a nearest-neighbour engine, faults and limits on demand; its --help lists them. */
export const TEST_WORKER = join(PACKAGE_ROOT, "dist", "src", "testing", "test-worker.cjs");

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Collects what a process writes until it has ended; its standard input is the caller's. */
export function collect(child: ChildProcessByStdio<Writable | null, Readable, Readable>): Promise<Ended> {
  const stdout: Buffer[] = [];
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code, signal, stdout: Buffer.concat(stdout), stderr }));
  });
}

/** Runs a command of the program to its end, with `input` as its standard input. */
export function runCli(
  args: readonly string[],
  input: Uint8Array = new Uint8Array(),
  env = {},
): Promise<Ended> {
  const child = spawn(process.execPath, [CLI, ...args], { env: { ...process.env, ...env } });
  const ended = collect(child);
  // The program may end before it has read everything; its exit code is what counts.
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  return ended;
}

/** A spawned worker that is spoken to in raw messages, for tests of what exactly crosses the pipes. */
export class RawWorker {
  readonly process: ChildProcessWithoutNullStreams;
  readonly ended: Promise<Ended>;
  readonly messages: RawMessage[] = [];
  #waiting: (() => void)[] = [];

  constructor(
    args: readonly string[] = ["worker", "--gpu-id", "-1"],
    env: NodeJS.ProcessEnv = {},
    program: string = CLI,
  ) {
    this.process = spawn(process.execPath, [program, ...args], { env: { ...process.env, ...env } });
    this.process.stdin.on("error", () => undefined);
    const reader = new MessageReader((message) => {
      this.messages.push(message);
      for (const look of this.#waiting) look();
    });
    this.process.stdout.on("data", (chunk: Buffer) => reader.push(chunk));
    this.ended = collect(this.process);
    void this.ended.then(() => {
      for (const look of this.#waiting) look();
    });
  }

  hello(): this {
    return this.send({
      t: "hello",
      proto: 1,
      client: { name: "test", version: "0" },
      parent_pid: process.pid,
    });
  }

  send(message: ClientMessage): this {
    return this.write(Buffer.concat(encodeMessage(message)));
  }

  write(bytes: Uint8Array): this {
    this.process.stdin.write(bytes);
    return this;
  }

  endInput(): this {
    this.process.stdin.end();
    return this;
  }

  /** Waits for a message, also one that has come already; rejects when the worker ends without it. */
  waitFor(matches: (message: RawMessage) => boolean): Promise<RawMessage> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = this.messages.find(matches);
        if (found === undefined) return;
        this.#waiting = this.#waiting.filter((other) => other !== look);
        resolve(found);
      };
      this.#waiting.push(look);
      void this.ended.then(({ code, stderr }) => {
        const types = this.messages.map((message) => message.t).join(", ");
        reject(new Error(`the worker ended with ${code} after ${types || "nothing"}: ${stderr}`));
      });
      look();
    });
  }

  type(type: string): Promise<RawMessage> {
    return this.waitFor((message) => message.t === type);
  }

  /** The terminal message of a request. */
  answer(id: number): Promise<RawMessage> {
    return this.waitFor((message) => message.id === id && ["result", "error"].includes(String(message.t)));
  }
}
