import {
  FATAL_ERROR_CODES,
  type FatalErrorCode,
  isRequestErrorCode,
  REQUEST_ERROR_CODES,
} from "../../../protocol/error-codes.js";
import { requestId } from "../../../protocol/fields.js";
import { CLIENT_MESSAGES } from "../../../protocol/messages.js";
import { messageOf } from "../../errors.js";
import type { RawMessage } from "../../wire/codec.js";
import { parseWorkerMessage } from "../../wire/validate.js";

/** What was asked and answered under one id. */
interface Account {
  /** `upscale` messages sent: each is owed one answer. */
  asked: number;
  /** Messages of unknown type, which are answered unless the id is live. */
  unknown: number;
  answered: number;
}

/** How a worker process has ended. */
export interface WorkerEnd {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

/**
 * Watches one connection for what must hold in every case, whatever its steps look at: legal messages, one last message
 * for each request, progress for live requests only, nothing after the end, and the exit code that was announced.
 */
export class Ledger {
  /** What was wrong, in words. */
  readonly problems: string[] = [];
  readonly #accounts = new Map<number, Account>();
  #received = 0;
  #last: RawMessage | null = null;
  #readies = 0;

  /** The `bye` or `fatal` that has come. */
  get last(): RawMessage | null {
    return this.#last;
  }

  /** Ids that were used so far. */
  get asked(): ReadonlySet<number> {
    return new Set(this.#accounts.keys());
  }

  /** Ids that are owed an answer. */
  get unanswered(): number[] {
    return [...this.#accounts].filter(([, { asked, answered }]) => answered < asked).map(([id]) => id);
  }

  /** To be told of each message before the worker can have read the whole of it. */
  sent(raw: RawMessage): void {
    const id = requestId.safeParse(raw.id);
    if (!id.success || typeof raw.t !== "string") return;
    const account = this.#account(id.data);
    if (raw.t === "upscale") account.asked++;
    else if (!Object.hasOwn(CLIENT_MESSAGES, raw.t)) account.unknown++;
  }

  received(raw: RawMessage): void {
    const { t: type } = raw;
    if (this.#last !== null) this.#blame(`expected nothing after ${this.#last.t}, received ${String(type)}`);
    this.#checkFields(raw);
    if ((type === "hello") !== (this.#received === 0)) {
      this.#blame(
        `expected hello as message 1 and only there, received ${String(type)} as ${this.#received + 1}`,
      );
    }
    this.#received++;
    if (type === "ready" && ++this.#readies > 1) this.#blame("expected ready once, received it again");
    if (type === "progress") this.#checkProgress(raw.id);
    if (type === "result" || type === "error") this.#checkAnswer(raw);
    if (type === "bye" || type === "fatal") this.#last = raw;
  }

  /** @param mayBeAbrupt whether the worker was given a reason to end without a last message */
  ended({ exitCode, signal }: WorkerEnd, mayBeAbrupt: boolean): void {
    if (this.#last === null) {
      if (!mayBeAbrupt)
        this.#blame(`expected bye or fatal before the end, received exit code ${exitCode ?? signal}`);
      return;
    }
    if (this.#last.t === "bye") {
      if (exitCode !== 0 && exitCode !== 75)
        this.#blame(`expected exit code 0 or 75 after bye, received ${exitCode ?? signal}`);
      for (const [id, account] of this.#accounts) this.#checkSettled(id, account);
      return;
    }
    const code = String(this.#last.code);
    const known = Object.hasOwn(FATAL_ERROR_CODES, code)
      ? FATAL_ERROR_CODES[code as FatalErrorCode].exitCode
      : null;
    const isRight = known === null ? exitCode !== 0 : exitCode === known;
    if (!isRight)
      this.#blame(
        `expected exit code ${known ?? "other than 0"} after ${code}, received ${exitCode ?? signal}`,
      );
  }

  #checkFields(raw: RawMessage): void {
    try {
      parseWorkerMessage(raw);
    } catch (thrown) {
      this.#blame(messageOf(thrown));
    }
  }

  #checkProgress(id: unknown): void {
    const account = this.#accounts.get(id as number);
    if (account === undefined || account.answered >= account.asked) {
      this.#blame(`expected progress of live requests only, received it for ${String(id)}`);
    }
  }

  #checkAnswer({ t: type, id, code, retryable }: RawMessage): void {
    const account = this.#account(id as number);
    account.answered++;
    const most = account.asked + account.unknown;
    if (account.answered > most) {
      this.#blame(`expected at most ${most} answers to id ${String(id)}, received ${account.answered}`);
    }
    if (type === "error" && typeof code === "string" && isRequestErrorCode(code)) {
      const expected = REQUEST_ERROR_CODES[code].retryable;
      if (retryable !== expected)
        this.#blame(`expected retryable ${expected} with ${code}, received ${String(retryable)}`);
    }
  }

  #checkSettled(id: number, { asked, answered }: Account): void {
    if (answered < asked)
      this.#blame(`expected ${asked} answers to id ${id} before bye, received ${answered}`);
  }

  #account(id: number): Account {
    let account = this.#accounts.get(id);
    if (account === undefined) {
      account = { asked: 0, unknown: 0, answered: 0 };
      this.#accounts.set(id, account);
    }
    return account;
  }

  #blame(problem: string): void {
    this.problems.push(problem);
  }
}
