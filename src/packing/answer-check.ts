import { PROTOCOL_VERSION } from "../../protocol/limits.js";
import type {
  ByeMessage,
  ErrorMessage,
  FatalMessage,
  ResultMessage,
  StripMessage,
  WorkerMessage,
} from "../../protocol/messages.js";
import { FatalError } from "../errors.js";

/** Bounds what is remembered of a stream that never ends. */
const MAX_PAGES = 1_000_000;

interface Strips {
  readonly count: number;
  received: number;
}

/**
 * Holds the messages of a worker against what the protocol guarantees, as far as one can who has not sent the requests:
 * hello first, one answer to an id, strips in order and complete, nothing after the end.
 */
export class AnswerCheck {
  readonly #answered = new Set<number>();
  readonly #strips = new Map<number, Strips>();
  #isGreeted = false;
  #last: ByeMessage | FatalMessage | null = null;

  /** The message that the worker has ended with. */
  get last(): ByeMessage | FatalMessage | null {
    return this.#last;
  }

  /** @throws {FatalError} unsupported_version, bad_envelope */
  take(message: WorkerMessage): void {
    const { t: type } = message;
    if (this.#last !== null) throw broken(`nothing after ${this.#last.t}`, type);
    if (type === "bye" || type === "fatal") this.#last = message;
    if (type === "hello") this.#greet(message.proto);
    else if (!this.#isGreeted && type !== "fatal") throw broken("hello as the first message", type);
    if (type === "strip") this.#strip(message);
    if (type === "result") this.#result(message);
    if (type === "result" || type === "error") this.#answer(message);
  }

  /** @throws {FatalError} bad_envelope: a worker that was killed, or that never was one */
  end(): void {
    if (this.#last === null)
      throw broken("a whole conversation up to bye or fatal", "its end before: no worker, or a killed one");
  }

  #greet(versions: readonly number[]): void {
    if (this.#isGreeted) throw broken("hello once", "it again");
    this.#isGreeted = true;
    if (versions.includes(PROTOCOL_VERSION)) return;
    throw new FatalError(
      "unsupported_version",
      `expected a worker that speaks version ${PROTOCOL_VERSION}, received one that speaks ${versions.join(", ")}`,
    );
  }

  #strip({ id, index, count }: StripMessage): void {
    this.#expectUnanswered(id);
    const strips = this.#strips.get(id) ?? { count, received: 0 };
    this.#strips.set(id, strips);
    if (count !== strips.count) throw broken(`${strips.count} strips of id ${id}`, String(count));
    if (index !== strips.received || index >= count) {
      throw broken(`strip ${strips.received} of ${count} of id ${id}`, String(index));
    }
    strips.received++;
  }

  #result({ id, data }: ResultMessage): void {
    const strips = this.#strips.get(id);
    const isWhole =
      strips === undefined ? data !== undefined : data === undefined && strips.received === strips.count;
    if (isWhole) return;
    const received = strips === undefined ? "neither" : `${strips.received} of ${strips.count} strips`;
    throw broken(
      `an image or all strips with the result of id ${id}`,
      data === undefined ? received : "both",
    );
  }

  #answer({ id }: ResultMessage | ErrorMessage): void {
    this.#expectUnanswered(id);
    this.#strips.delete(id);
    this.#answered.add(id);
    if (this.#answered.size > MAX_PAGES) throw broken(`at most ${MAX_PAGES} pages`, "one more");
  }

  #expectUnanswered(id: number): void {
    if (this.#answered.has(id)) throw broken(`one answer to id ${id}`, "another");
  }
}

function broken(expected: string, received: string): FatalError {
  return new FatalError("bad_envelope", `expected ${expected}, received ${received}`);
}
