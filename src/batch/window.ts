/** How much may be between reading and writing. */
export interface WindowLimits {
  /** Files and pages begun and not written. */
  readonly items: number;
  /** Encoded bytes that were read and are still needed. */
  readonly inputBytes: number;
  /** Encoded bytes that wait to be written; no item begins beyond that. */
  readonly unwrittenBytes: number;
}

/** An item's place between reading and writing. */
export interface Slot {
  /** What was read is not needed any more. */
  inputDone(): void;
  /** So many bytes wait to be written. */
  produced(bytes: number): void;
  /** Gives everything back; may be called again. */
  leave(): void;
}

/**
 * Lets one reader run ahead of the work, and the work ahead of the writer, as far as the limits allow. One item is always
 * let in, however large. Main thread only.
 */
export class Window {
  readonly #limits: WindowLimits;
  #items = 0;
  #inputBytes = 0;
  #unwrittenBytes = 0;
  #look: (() => void) | null = null;

  constructor(limits: WindowLimits) {
    this.#limits = limits;
  }

  /**
   * Waits for room. To be called by one reader, again when the last call has ended.
   *
   * @param bytes that will be read
   * @throws the signal's reason when it is aborted before
   */
  async enter(bytes: number, signal: AbortSignal): Promise<Slot> {
    if (this.#look !== null) throw new Error("expected one reader at a time");
    signal.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const end = (settle: () => void): void => {
        this.#look = null;
        signal.removeEventListener("abort", abort);
        settle();
      };
      const abort = (): void => end(() => reject(signal.reason));
      signal.addEventListener("abort", abort);
      this.#look = () => {
        if (this.#hasRoomFor(bytes)) end(resolve);
      };
      this.#look();
    });
    return this.#take(bytes);
  }

  #hasRoomFor(bytes: number): boolean {
    const { items, inputBytes, unwrittenBytes } = this.#limits;
    if (this.#items === 0) return true;
    return (
      this.#items < items && this.#inputBytes + bytes <= inputBytes && this.#unwrittenBytes < unwrittenBytes
    );
  }

  #take(bytes: number): Slot {
    const held = { items: 1, input: bytes, output: 0 };
    this.#items++;
    this.#inputBytes += bytes;
    const inputDone = (): void => {
      this.#inputBytes -= held.input;
      held.input = 0;
      this.#look?.();
    };
    return {
      inputDone,
      produced: (count) => {
        this.#unwrittenBytes += count;
        held.output += count;
      },
      leave: () => {
        this.#items -= held.items;
        this.#unwrittenBytes -= held.output;
        held.items = 0;
        held.output = 0;
        inputDone();
      },
    };
  }
}
