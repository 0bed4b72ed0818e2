import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { PACKAGE_ROOT } from "../../src/package-root.js";

export type TesteeEvent = Readonly<Record<string, unknown>> & { readonly event: string };

/** A client's adapter program for the conformance kit, driven by hand: operations in, events out. */
export class Testee {
  readonly process: ChildProcessWithoutNullStreams;
  readonly events: TesteeEvent[] = [];
  /** Settles with the exit code once the program is gone and its events are read. */
  readonly ended: Promise<number | null>;
  stderr = "";
  #waiting: (() => void)[] = [];

  /** @param worker the command of the worker that the client has to spawn */
  constructor(command: readonly string[], worker: readonly string[]) {
    const [program = "", ...args] = command;
    const env = { ...process.env, CONFORMANCE_WORKER: JSON.stringify(worker) };
    this.process = spawn(program, args, { cwd: PACKAGE_ROOT, env });
    this.process.stdin.on("error", () => undefined);
    this.process.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
    });
    createInterface({ input: this.process.stdout }).on("line", (line) => {
      this.events.push(JSON.parse(line));
      for (const look of this.#waiting) look();
    });
    this.ended = new Promise((resolve, reject) => {
      this.process.once("error", reject);
      this.process.once("close", (code) => resolve(code));
    });
  }

  send(operation: Readonly<Record<string, unknown>>): this {
    this.process.stdin.write(`${JSON.stringify(operation)}\n`);
    return this;
  }

  upscale(key: string, data: Uint8Array, options: Readonly<Record<string, unknown>> = {}): this {
    return this.send({ op: "upscale", key, data: Buffer.from(data).toString("base64"), ...options });
  }

  /** Waits for an event, also one that has come already; rejects when the program ends without it. */
  event(matches: (event: TesteeEvent) => boolean): Promise<TesteeEvent> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = this.events.find(matches);
        if (found === undefined) return;
        this.#waiting = this.#waiting.filter((other) => other !== look);
        resolve(found);
      };
      this.#waiting.push(look);
      this.ended.then((code) => {
        look();
        reject(new Error(`the testee ended with ${code} without the event: ${this.stderr}`));
      }, reject);
      look();
    });
  }

  answer(key: string): Promise<TesteeEvent> {
    return this.event((event) => event.key === key && isAnswer(event));
  }

  /** Ends the client in order; the last event must say how its worker ended. */
  async close(): Promise<TesteeEvent | undefined> {
    this.process.stdin.end(`${JSON.stringify({ op: "close" })}\n`);
    const code = await this.ended;
    if (code !== 0) throw new Error(`expected the testee to end with 0, received ${code}: ${this.stderr}`);
    return this.events.at(-1);
  }

  /** The keys of all answers, in order; a key that was answered twice is there twice. */
  answeredKeys(): unknown[] {
    return this.events.filter(isAnswer).map((event) => event.key);
  }
}

function isAnswer({ event }: TesteeEvent): boolean {
  return event === "result" || event === "error";
}
