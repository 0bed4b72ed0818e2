import type { RawMessage } from "../../wire/codec.js";
import type { WorkerStep } from "../cases/case-schema.js";
import { fillIn, newScope, type Scope } from "../cases/template.js";
import { Conversation } from "../engine/conversation.js";
import { StepFailed } from "../engine/expectations.js";
import { CLIENT_HELLO } from "../engine/greetings.js";
import { residentMb } from "../engine/process-memory.js";
import { Companion } from "./companion.js";
import type { WorkerEnd } from "./ledger.js";
import type { WorkerProcess } from "./worker-process.js";

type StepOf<Do extends WorkerStep["do"]> = Extract<WorkerStep, { do: Do }>;

/** Plays the steps of one case against one worker. */
export class WorkerSteps {
  readonly #worker: WorkerProcess;
  readonly #timeoutMs: number;
  readonly #scope: Scope = newScope();
  readonly #conversation: Conversation;
  #companion: Companion | null = null;
  #memoryAtStart: number | null = null;

  constructor(worker: WorkerProcess, timeoutMs: number) {
    this.#worker = worker;
    this.#timeoutMs = timeoutMs;
    this.#conversation = new Conversation(worker, this.#scope, timeoutMs);
    this.#scope.pids.set("runner", process.pid);
  }

  /** @throws {StepFailed | KitError} */
  async play(steps: readonly WorkerStep[]): Promise<void> {
    if (JSON.stringify(steps).includes('{"$pid":"companion"}')) {
      this.#companion = new Companion();
      this.#scope.pids.set("companion", this.#companion.pid);
    }
    if (steps.some((step) => step.do === "expect_memory")) await this.#awaitReady();
    for (const [index, step] of steps.entries()) {
      this.#learnLimits();
      try {
        await this.#play(step);
      } catch (thrown) {
        if (thrown instanceof StepFailed) throw new StepFailed(`step ${index + 1}: ${thrown.message}`);
        throw thrown;
      }
    }
  }

  async dispose(): Promise<void> {
    await this.#companion?.end();
  }

  async #play(step: WorkerStep): Promise<void> {
    switch (step.do) {
      case "greet":
        return this.#conversation.play({ ...step, do: "send", message: CLIENT_HELLO });
      case "close_input":
        return this.#worker.closeInput();
      case "close_output":
        return this.#worker.closeOutput();
      case "pause_reading":
        return this.#worker.pauseReading();
      case "resume_reading":
        return this.#worker.resumeReading();
      case "signal":
        return this.#worker.signal(step.signal);
      case "end_companion":
        return this.#companion?.end();
      case "expect_exit":
        return this.#expectExit(step);
      case "expect_answers":
        return this.#expectAnswers(step);
      case "expect_memory":
        return this.#expectMemory(step.growth_mb);
      default:
        return this.#conversation.play(step);
    }
  }

  /** Memory is compared with what the worker needs for itself. */
  async #awaitReady(): Promise<void> {
    await this.#worker.inbox.find(async ({ t: type }) => type === "ready", this.#timeoutMs);
    this.#memoryAtStart = residentMb(this.#worker.pid);
  }

  #learnLimits(): void {
    const limits = this.#worker.inbox.items[0]?.limits;
    if (typeof limits === "object" && limits !== null) this.#scope.limits = limits as Record<string, unknown>;
  }

  async #expectExit({ code, within_ms: withinMs = this.#timeoutMs }: StepOf<"expect_exit">): Promise<void> {
    const end = await endWithin(this.#worker, withinMs);
    const wanted = Array.isArray(code) ? code : [code];
    if (end.exitCode === null || !wanted.includes(end.exitCode)) {
      throw new StepFailed(
        `expected exit code ${wanted.join(" or ")}, received ${this.#worker.describeEnd()}`,
      );
    }
  }

  async #expectAnswers(step: StepOf<"expect_answers">): Promise<void> {
    const last = fillIn(step.to, this.#scope) as number;
    const end = performance.now() + (step.within_ms ?? this.#timeoutMs);
    const { inbox } = this.#worker;
    const isWanted = ({ id }: RawMessage) => typeof id === "number" && id >= step.from && id <= last;
    const answers = () =>
      inbox.items.filter((message) => (message.t === "result" || message.t === "error") && isWanted(message));
    while (new Set(answers().map(({ id }) => id)).size < last - step.from + 1) {
      if (inbox.isClosed || !(await inbox.change(end - performance.now()))) {
        throw new StepFailed(`expected answers to ids ${step.from} to ${last}, received ${answers().length}`);
      }
    }
    checkOutcomes(answers(), step.outcomes);
  }

  #expectMemory(growthMb: number): void {
    const before = this.#memoryAtStart;
    const now = residentMb(this.#worker.pid);
    if (before === null || now === null) return;
    if (now - before > growthMb) {
      throw new StepFailed(
        `expected memory to grow by at most ${growthMb} MiB since ready, received ${Math.round(now - before)} MiB`,
      );
    }
  }
}

function checkOutcomes(answers: readonly RawMessage[], wanted: StepOf<"expect_answers">["outcomes"]): void {
  const found = new Map<string, number>();
  for (const { t: type, code } of answers) {
    const outcome = type === "result" ? "result" : String(code);
    found.set(outcome, (found.get(outcome) ?? 0) + 1);
  }
  for (const outcome of new Set([...found.keys(), ...Object.keys(wanted)])) {
    const [least, most] = wanted[outcome] ?? [0, 0];
    const count = found.get(outcome) ?? 0;
    if (count < least || count > most) {
      throw new StepFailed(`expected ${least} to ${most} answers ${outcome}, received ${count}`);
    }
  }
}

/** @throws {StepFailed} when the worker goes on for longer */
export async function endWithin(worker: WorkerProcess, withinMs: number): Promise<WorkerEnd> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, withinMs, null);
  });
  const end = await Promise.race([worker.ended, over]);
  clearTimeout(timer);
  if (end === null) throw new StepFailed(`expected the worker to end within ${withinMs} ms, received no end`);
  return end;
}
