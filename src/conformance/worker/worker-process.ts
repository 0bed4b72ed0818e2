import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { messageOf } from "../../errors.js";
import type { RawMessage } from "../../wire/codec.js";
import { MessageReader } from "../../wire/message-reader.js";
import { trackChild } from "../engine/children.js";
import type { Line } from "../engine/conversation.js";
import { StepFailed } from "../engine/expectations.js";
import { Inbox } from "../engine/inbox.js";
import { Ledger, type WorkerEnd } from "./ledger.js";

const STDERR_CHARACTERS = 1000;

/** The worker under test: its process, what crosses its pipes, and the ledger that watches both. */
export class WorkerProcess implements Line {
  readonly inbox = new Inbox<RawMessage>();
  readonly ledger = new Ledger();
  /** Settles when the process is gone and its output is read. */
  readonly ended: Promise<WorkerEnd>;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #timeoutMs: number;
  readonly #sent: MessageReader;
  #isSentLegal = true;
  #end: WorkerEnd | null = null;
  #stderr = "";

  /**
   * @param command program and arguments
   * @param timeoutMs how long the worker may leave its input unread
   */
  constructor(command: readonly string[], timeoutMs: number) {
    const [program = "", ...args] = command;
    this.#timeoutMs = timeoutMs;
    this.#child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"], detached: true });
    const release = trackChild(this.#child);
    const { stdin, stderr } = this.#child;
    stdin.on("error", () => undefined);
    stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_CHARACTERS);
    });
    this.#sent = new MessageReader((message) => this.ledger.sent(message));
    this.#readOutput();
    this.ended = new Promise((resolve) => {
      const settle = (end: WorkerEnd) => {
        release();
        this.#end ??= end;
        this.inbox.close();
        resolve(this.#end);
      };
      this.#child.on("error", (error) => {
        this.ledger.problems.push(`expected to run the worker, received ${error.message}`);
        settle({ exitCode: null, signal: null });
      });
      this.#child.on("close", (exitCode, signal) => settle({ exitCode, signal }));
    });
  }

  /** The end of what the worker wrote to standard error. */
  get stderr(): string {
    return this.#stderr.trim();
  }

  /** The worker by the id in its hello: the command may be a wrapper. */
  get pid(): number | undefined {
    const said = this.inbox.items[0]?.pid;
    return typeof said === "number" && said > 1 ? said : this.#child.pid;
  }

  write(bytes: Uint8Array): Promise<void> {
    this.#account(bytes);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(
          new StepFailed(`expected the worker to read its input, received nothing for ${this.#timeoutMs} ms`),
        );
      }, this.#timeoutMs);
      // An error means that the worker is gone, which is for the steps to judge.
      this.#child.stdin.write(bytes, () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  closeInput(): void {
    this.#child.stdin.end();
  }

  closeOutput(): void {
    this.#child.stdout.destroy();
  }

  pauseReading(): void {
    this.#child.stdout.pause();
  }

  resumeReading(): void {
    this.#child.stdout.resume();
  }

  signal(signal: NodeJS.Signals): void {
    if (this.pid !== undefined) process.kill(this.pid, signal);
  }

  /** Ends whatever is left of the process and its children. */
  async dispose(): Promise<void> {
    this.#child.stdout.destroy();
    this.#child.stderr.destroy();
    this.#child.stdin.destroy();
    if (this.#end === null && this.#child.pid !== undefined) killGroup(this.#child.pid);
    await this.ended;
  }

  describeEnd(): string {
    const { exitCode, signal } = this.#end ?? { exitCode: null, signal: null };
    return signal === null
      ? `the end of the worker with exit code ${exitCode}`
      : `the end of the worker by ${signal}`;
  }

  #readOutput(): void {
    const { stdout } = this.#child;
    const reader = new MessageReader((message) => {
      this.ledger.received(message);
      this.inbox.add(message);
    });
    let isLegal = true;
    const guard = (action: () => void) => {
      try {
        if (isLegal) action();
      } catch (thrown) {
        isLegal = false;
        this.ledger.problems.push(`expected frames on standard output: ${messageOf(thrown)}`);
      }
    };
    stdout.on("data", (chunk: Buffer) => guard(() => reader.push(chunk)));
    stdout.on("end", () => guard(() => reader.end()));
    stdout.on("error", () => undefined);
  }

  /** Follows what was sent, as far as it is legal, so that the ledger knows which answers are due. */
  #account(bytes: Uint8Array): void {
    if (!this.#isSentLegal) return;
    try {
      this.#sent.push(bytes);
    } catch {
      this.#isSentLegal = false;
    }
  }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended meanwhile.
  }
}
