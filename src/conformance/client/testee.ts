import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import type { TesteeStep } from "../cases/case-schema.js";
import { fillIn, isRecord, type Scope } from "../cases/template.js";
import { trackChild } from "../engine/children.js";
import { Expectations, StepFailed } from "../engine/expectations.js";
import { Inbox } from "../engine/inbox.js";
import { TesteeLedger } from "./testee-ledger.js";

export type TesteeEvent = Readonly<Record<string, unknown>>;

/** Waits until a worker of the client has received a message; rejects with StepFailed when none does. */
export type AwaitWorker = (pattern: unknown) => Promise<void>;

const STDERR_CHARACTERS = 1000;

/** The program that drives a client library for the kit: commands in, events out, as lines of JSON. */
export class Testee {
  readonly inbox = new Inbox<TesteeEvent>();
  readonly ledger = new TesteeLedger();
  /** Settles with the exit code, or the signal's name. */
  readonly ended: Promise<number | string>;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #expectations: Expectations<TesteeEvent>;
  readonly #scope: Scope;
  readonly #timeoutMs: number;
  readonly #awaitWorker: AwaitWorker;
  #hasEnded = false;
  #wasKilled = false;
  #isClosing = false;
  #stderr = "";

  /** @param environment tells the testee what to start as its worker */
  constructor(
    command: readonly string[],
    environment: NodeJS.ProcessEnv,
    { scope, timeoutMs, awaitWorker }: { scope: Scope; timeoutMs: number; awaitWorker: AwaitWorker },
  ) {
    const [program = "", ...args] = command;
    this.#scope = scope;
    this.#timeoutMs = timeoutMs;
    this.#awaitWorker = awaitWorker;
    const env = { ...process.env, ...environment };
    this.#child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"], detached: true, env });
    const release = trackChild(this.#child);
    this.#child.stdin.on("error", () => undefined);
    this.#child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_CHARACTERS);
    });
    this.#readLines();
    this.ended = new Promise((resolve) => {
      const settle = (end: number | string) => {
        release();
        this.#hasEnded = true;
        this.inbox.close();
        resolve(end);
      };
      this.#child.on("error", (error) => settle(error.message));
      this.#child.on("exit", () => {
        this.#hasEnded = true;
      });
      this.#child.on("close", (code, signal) => settle(code ?? String(signal)));
    });
    this.#expectations = new Expectations(this.inbox, scope, () => "the end of the client");
  }

  /** The end of what the client wrote to standard error. */
  get stderr(): string {
    return this.#stderr.trim();
  }

  /** @throws {StepFailed} when the testee does not say hello */
  async capabilities(): Promise<ReadonlySet<unknown>> {
    const hello = await this.#expectations.take(
      { event: "hello", capabilities: { $type: "array" } },
      this.#timeoutMs,
    );
    return new Set(hello.capabilities as unknown[]);
  }

  /** @throws {StepFailed | KitError} */
  async play(steps: readonly TesteeStep[], capabilities: ReadonlySet<unknown>): Promise<void> {
    for (const [index, step] of steps.entries()) {
      const applies =
        (step.with === undefined || capabilities.has(step.with)) &&
        (step.without === undefined || !capabilities.has(step.without));
      if (!applies) continue;
      try {
        await this.#play(step);
      } catch (thrown) {
        if (thrown instanceof StepFailed) throw new StepFailed(`testee step ${index + 1}: ${thrown.message}`);
        throw thrown;
      }
    }
  }

  /**
   * Lets the client end in order, unless the steps have ended it.
   *
   * @throws {StepFailed} when it does not
   */
  async end(): Promise<void> {
    if (!this.#isClosing) this.#write({ op: "close" });
    const over = delay(this.#timeoutMs, null, { ref: false });
    const end = await Promise.race([this.ended, over]);
    if (end === null)
      throw new StepFailed(`expected the client to end within ${this.#timeoutMs} ms, received no end`);
    if (this.#wasKilled) return;
    if (end !== 0) throw new StepFailed(`expected exit code 0 of the client, received ${end}`);
    this.ledger.ended();
  }

  async dispose(): Promise<void> {
    const { pid } = this.#child;
    for (const stream of this.#child.stdio) stream?.destroy();
    if (!this.#hasEnded && pid !== undefined) process.kill(-pid, "SIGKILL");
    await this.ended;
  }

  async #play(step: TesteeStep): Promise<void> {
    const times = "times" in step ? (fillIn(step.times ?? 1, this.#scope) as number) : 1;
    switch (step.do) {
      case "command":
        for (let index = 0; index < times; index++) {
          this.#scope.index = index;
          this.#write(fillIn(step.command, this.#scope) as TesteeEvent);
        }
        this.#scope.index = 0;
        return;
      case "expect":
        for (let left = times; left > 0; left--) {
          await this.#expectations.take(step.event, step.within_ms ?? this.#timeoutMs);
        }
        return;
      case "expect_none":
        return this.#expectations.refuse(step.event, step.for_ms);
      case "wait":
        return delay(step.ms);
      case "await_worker":
        return this.#awaitWorker(step.message);
      case "close_input":
        this.#isClosing = true;
        this.#child.stdin.end();
        return;
      case "kill":
        this.#isClosing = true;
        this.#wasKilled = true;
        this.#child.kill("SIGKILL");
    }
  }

  #write(command: TesteeEvent): void {
    if (command.op === "close") this.#isClosing = true;
    if (command.op === "upscale") this.ledger.asked(String(command.key));
    this.#child.stdin.write(`${JSON.stringify(command)}\n`);
  }

  #readLines(): void {
    let rest = "";
    this.#child.stdout.setEncoding("utf8").on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) this.#readLine(line);
    });
  }

  #readLine(line: string): void {
    let event: unknown;
    try {
      event = JSON.parse(line);
    } catch {
      event = null;
    }
    if (!isRecord(event) || typeof event.event !== "string") {
      this.ledger.problems.push(
        `expected lines with {"event": ...} from the client, received ${line.slice(0, 80)}`,
      );
      return;
    }
    this.ledger.received(event);
    this.inbox.add(event);
  }
}
