import type { RawMessage } from "../../wire/codec.js";
import { readByteParts } from "../cases/byte-parts.js";
import type { ScriptedWorkerStep } from "../cases/case-schema.js";
import { fillIn, type Scope } from "../cases/template.js";
import { Conversation } from "../engine/conversation.js";
import { WORKER_HELLO, WORKER_READY } from "../engine/greetings.js";
import { frameOf, packMessage } from "../engine/message-bytes.js";
import type { ScriptedWorker } from "./scripted-worker.js";

type StepOf<Do extends ScriptedWorkerStep["do"]> = Extract<ScriptedWorkerStep, { do: Do }>;

/** The result that answers a request when a script does not say otherwise. */
const RESULT = {
  t: "result",
  width: 16,
  height: 12,
  format: "webp",
  model: "scripted",
  precision: "none",
  tile: 32,
  device: "scripted",
  cache_key: "scripted",
  source: { width: 16, height: 12, format: "png" },
  timings_us: { queue: 0, decode: 0, upscale: 0, encode: 0, total: 0 },
  warnings: [],
} as const;

/** Plays one worker of a client case: its script first, then a worker that answers everything and ends when asked. */
export class WorkerPlayer {
  readonly #worker: ScriptedWorker;
  readonly #scope: Scope;
  readonly #conversation: Conversation;
  readonly #timeoutMs: number;
  #answersPings = true;

  constructor(worker: ScriptedWorker, scope: Scope, timeoutMs: number) {
    this.#worker = worker;
    this.#scope = scope;
    this.#timeoutMs = timeoutMs;
    this.#conversation = new Conversation(worker, scope, timeoutMs);
  }

  /** @throws {StepFailed | KitError} */
  async play(steps: readonly ScriptedWorkerStep[]): Promise<void> {
    this.#scope.pids.set("worker", await this.#worker.pid);
    const pings = this.#answerPings();
    for (const step of steps) {
      await this.#play(step);
      if (step.do === "exit" || step.do === "crash") return;
    }
    await this.#serve();
    await pings;
  }

  async #play(step: ScriptedWorkerStep): Promise<void> {
    switch (step.do) {
      case "greet":
        await this.#send(WORKER_HELLO, step.pieces);
        return this.#send(WORKER_READY, step.pieces);
      case "answer":
        return this.#answer(step);
      case "log":
        return this.#worker.log(step.bytes);
      case "close_output":
        return this.#worker.closeOutput();
      case "ignore_pings":
        this.#answersPings = false;
        return;
      case "exit":
        return this.#worker.exit(step.code);
      case "crash":
        return this.#worker.crash();
      default:
        return this.#conversation.play(step);
    }
  }

  #send(message: unknown, pieces?: number[]): Promise<void> {
    return this.#conversation.play({ do: "send", message: message as Record<string, unknown>, pieces });
  }

  async #answer({ id, times = 1, fields = {}, pieces }: StepOf<"answer">): Promise<void> {
    const count = fillIn(times, this.#scope) as number;
    for (let left = count; left > 0; left--) {
      const request = { t: "upscale" };
      const wanted =
        id === undefined ? (await this.#conversation.expectations.take(request, this.#timeoutMs)).id : id;
      await this.#send({ ...RESULT, id: wanted, ...dataLast(fields) }, pieces);
    }
  }

  /** Clients may ask at any time whether the worker is alive, so cases do not mention it. */
  async #answerPings(): Promise<void> {
    const { inbox } = this.#worker;
    const answer = async ({ t: type, nonce }: RawMessage) => {
      if (type === "ping" && this.#answersPings)
        await this.#reply({ t: "pong", nonce, queued: 0, running: 0 });
      return false;
    };
    await inbox.find(answer, Number.POSITIVE_INFINITY);
  }

  /** Answers what no step has taken, until the client ends the connection. */
  async #serve(): Promise<void> {
    const { expectations } = this.#conversation;
    await this.#worker.inbox.find(async (message, position) => {
      if (!expectations.claim(position)) return false;
      const { t: type, id } = message;
      if (type === "upscale")
        await this.#reply({ ...RESULT, id, data: readByteParts([{ image: "page.webp" }]) });
      if (type === "cancel" && this.#worker.ledger.live.has(id as number)) {
        await this.#reply({ t: "error", id, code: "cancelled", message: "cancelled", retryable: false });
      }
      return type === "shutdown";
    }, Number.POSITIVE_INFINITY);
    for (const id of [...this.#worker.ledger.live]) {
      await this.#reply({
        t: "error",
        id,
        code: "shutting_down",
        message: "the worker ends",
        retryable: true,
      });
    }
    await this.#reply({ t: "bye" });
    await this.#worker.exit(0);
  }

  #reply(message: unknown): Promise<void> {
    return this.#worker.write(frameOf(packMessage(message)));
  }
}

function dataLast({
  data = { $bytes: [{ image: "page.webp" }] },
  ...fields
}: Readonly<Record<string, unknown>>) {
  return { ...fields, data };
}
