import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { z } from "zod";
import { messageOf } from "../errors.js";

/** Of what the process says on standard error; the end tells why it ended. */
const KEPT_STDERR = 2000;

export interface PeerCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

const errorAnswer = z.object({ t: z.literal("error"), message: z.string() });

interface Waiting {
  readonly timer: NodeJS.Timeout;
  resolve(line: string): void;
  reject(reason: Error): void;
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return line;
  }
}

/** A process that is asked by lines of JSON on its standard input and answers each by one on its output. */
export class PeerProcess {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  #waiting: Waiting | null = null;
  #stderr = "";
  /** Why nothing more can be asked; null while it runs. */
  #failure: Error | null = null;

  constructor({ command, args, env }: PeerCommand) {
    const child = spawn(command, args, { stdio: "pipe", env: { ...process.env, ...env } });
    this.#child = child;
    createInterface({ input: child.stdout }).on("line", (line) =>
      this.#settle(({ resolve }) => resolve(line)),
    );
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-KEPT_STDERR);
    });
    // A broken pipe is told by the end of the process.
    child.stdin.on("error", () => undefined);
    this.#ended = new Promise((resolve) => {
      child.once("error", (error) => {
        this.#fail(new Error(`cannot start ${command}: ${messageOf(error)}`));
        resolve();
      });
      child.once("close", (code, signal) => {
        const last = this.#stderr.trim().split("\n").at(-1) ?? "";
        this.#fail(new Error(`it ended with ${signal ?? code}${last === "" ? "" : `: ${last}`}`));
        resolve();
      });
    });
  }

  /**
   * Asks and waits for the answer; one question at a time.
   *
   * @throws {Error} an error for an answer, one of another shape, none within `limitMs`, or the end of the process
   */
  async ask<Answer>(question: object, answer: z.ZodType<Answer>, limitMs: number): Promise<Answer> {
    const line = await this.#exchange(`${JSON.stringify(question)}\n`, limitMs);
    const value = parseLine(line);
    const refused = errorAnswer.safeParse(value);
    if (refused.success) throw new Error(refused.data.message);
    const parsed = answer.safeParse(value);
    if (!parsed.success) throw new Error(`expected an answer as the protocol has it, received ${line}`);
    return parsed.data;
  }

  /** Ends the process, whatever it is doing; settles when it is gone. */
  close(): Promise<void> {
    this.#child.kill("SIGKILL");
    return this.#ended;
  }

  #exchange(line: string, limitMs: number): Promise<string> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    if (this.#waiting !== null) return Promise.reject(new Error("expected one question at a time"));
    return new Promise((resolve, reject) => {
      const late = () => this.#settle(() => reject(new Error(`no answer within ${limitMs / 1000} s`)));
      const timer = setTimeout(late, limitMs);
      this.#waiting = { timer, resolve, reject };
      this.#child.stdin?.write(line);
    });
  }

  #settle(action: (waiting: Waiting) => void): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting === null) return;
    clearTimeout(waiting.timer);
    action(waiting);
  }

  #fail(reason: Error): void {
    this.#failure ??= reason;
    this.#settle(({ reject }) => reject(reason));
  }
}
