import { EXIT, type ExitCode, FATAL_ERROR_CODES, type FatalErrorCode } from "../../protocol/error-codes.js";
import type { ResultMessage, StripMessage, WorkerMessage } from "../../protocol/messages.js";
import { UpscalerError } from "../errors.js";
import type { Log } from "../log.js";
import type { RawMessage } from "../wire/codec.js";
import { MessageReader } from "../wire/message-reader.js";
import { parseWorkerMessage } from "../wire/validate.js";
import { AnswerCheck } from "./answer-check.js";
import type { PageFiles } from "./page-files.js";

/** What a `fatal` of an unknown code is taken for. */
const UNKNOWN_FATAL = EXIT.internal;

/** Turns what a worker says into files, and into lines about what has become of none. */
export class Unpacker {
  readonly #files: PageFiles;
  readonly #log: Log;
  readonly #check = new AnswerCheck();
  /** Pages that failed here, of which more may come. */
  readonly #failed = new Set<number>();
  #failures = 0;
  #isDeviceLost = false;

  constructor(files: PageFiles, log: Log) {
    this.#files = files;
    this.#log = log;
  }

  /**
   * Reads a worker's output to its end.
   *
   * @returns 0, 1 when a page failed, 75 when the device was lost, or what the worker's `fatal` stands for
   * @throws {FatalError} the stream is not what the protocol says; {UpscalerError} encode_failed: a file cannot be written
   */
  async run(input: AsyncIterable<Uint8Array>): Promise<ExitCode> {
    const received: RawMessage[] = [];
    const reader = new MessageReader((message) => received.push(message));
    for await (const chunk of input) {
      try {
        reader.push(chunk);
      } finally {
        // What came whole before bytes that are none of the protocol's still counts.
        for (const raw of received.splice(0)) await this.#take(raw);
      }
    }
    reader.end();
    this.#check.end();
    return this.#exitCode();
  }

  async #take(raw: RawMessage): Promise<void> {
    const message = parseWorkerMessage(raw);
    if (message === null) return;
    this.#check.take(message);
    if (message.t === "strip") await this.#add(message, message.data);
    else if (message.t === "result") await this.#result(message);
    else if (message.t === "error") {
      await this.#files.discard(message.id);
      if (!this.#failed.delete(message.id)) this.#report(message, message.code, message.message);
      if (message.code === "gpu_lost") this.#isDeviceLost = true;
    } else this.#control(message);
  }

  #control(message: WorkerMessage): void {
    if (message.t === "goaway") {
      this.#log.warn("the worker ends", { reason: clean(message.reason) });
      if (message.reason === "gpu_lost") this.#isDeviceLost = true;
    } else if (message.t === "fatal") {
      this.#log.error(`${clean(message.code)}: ${clean(message.message)}`);
    } else if (message.t === "ready") {
      this.#log.info("the worker is ready", { model: clean(message.default_model) });
    }
  }

  async #result(message: ResultMessage): Promise<void> {
    const { id, label, width, height, data, warnings } = message;
    const page = nameOf(message);
    for (const warning of warnings) this.#log.warn(clean(warning), { page });
    if (data !== undefined) await this.#add(message, data);
    if (this.#failed.delete(id)) return;
    this.#files.keep(id);
    this.#log.info("page done", { id, label, width, height });
  }

  /** A page whose files cannot be named fails, and the others go on. */
  async #add(answer: ResultMessage | StripMessage, data: Uint8Array): Promise<void> {
    const { id } = answer;
    if (this.#failed.has(id)) return;
    try {
      await this.#files.add(answer, data);
    } catch (thrown) {
      if (!(thrown instanceof UpscalerError) || thrown.code !== "invalid_request") throw thrown;
      this.#failed.add(id);
      await this.#files.discard(id);
      this.#report(answer, thrown.code, thrown.message);
    }
  }

  #report(
    answer: { readonly id: number; readonly label?: string | undefined },
    code: string,
    message: string,
  ): void {
    this.#failures++;
    this.#log.error(`${clean(code)}: ${clean(message)}`, { page: nameOf(answer) });
  }

  #exitCode(): ExitCode {
    const { last } = this.#check;
    if (last?.t === "fatal") {
      const isKnown = Object.hasOwn(FATAL_ERROR_CODES, last.code);
      return isKnown ? FATAL_ERROR_CODES[last.code as FatalErrorCode].exitCode : UNKNOWN_FATAL;
    }
    if (this.#isDeviceLost) return EXIT.replaceMe;
    return this.#failures === 0 ? EXIT.ok : EXIT.failure;
  }
}

/** @returns what people know the page by; a log writes it as JSON, so it cannot steer a terminal */
function nameOf({
  id,
  label,
}: {
  readonly id: number;
  readonly label?: string | undefined;
}): string | number {
  return label ?? id;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/g;

/** A message from elsewhere must not steer the terminal that it is shown on. */
function clean(text: string): string {
  return text.replace(CONTROL, "?");
}
