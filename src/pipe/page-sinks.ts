import { join } from "node:path";
import type { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { UpscalerError } from "../errors.js";
import { numberedName } from "../files/page-file-names.js";
import { writeWhole } from "../files/write-whole.js";
import type { EncodedPage } from "../stages/page.js";

/** Where finished pages go, one after another. */
export interface PageSink {
  /**
   * @param number of the page in the input, from 1
   * @throws {UpscalerError} the page cannot be written; {OutputClosed} nobody reads any more
   */
  write(number: number, page: EncodedPage): Promise<void>;
  /** Settles when everything has been handed to the operating system. */
  close(): Promise<void>;
}

/** The reader of the output is gone, as `head` goes when it has what it wants. */
export class OutputClosed extends Error {
  override readonly name = "OutputClosed";
}

/** A file for each page, which is whole whenever it is there. */
export class FolderSink implements PageSink {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  write(number: number, { format, data }: EncodedPage): Promise<void> {
    return writeWhole(join(this.#folder, numberedName(number, format)), data);
  }

  async close(): Promise<void> {}
}

/** One image after another on a stream. */
export class StreamSink implements PageSink {
  readonly #stream: Writable;

  constructor(stream: Writable) {
    this.#stream = stream;
    // Each write tells its own failure; without a listener the event would end the process.
    stream.on("error", () => undefined);
  }

  write(_number: number, { data }: EncodedPage): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#stream.write(data, (error) => (error ? reject(asOutputError(error)) : resolve()));
    });
  }

  async close(): Promise<void> {
    const written = finished(this.#stream);
    this.#stream.end();
    await written.catch((error: Error) => {
      throw asOutputError(error);
    });
  }
}

const GONE: ReadonlySet<string> = new Set(["EPIPE", "ECONNRESET", "ERR_STREAM_DESTROYED"]);

function asOutputError(error: NodeJS.ErrnoException): Error {
  if (GONE.has(error.code ?? "")) return new OutputClosed(error.message);
  return new UpscalerError("encode_failed", `cannot write the output: ${error.message}`, { cause: error });
}
