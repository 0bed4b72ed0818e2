import { CLIENT_MESSAGES } from "../../../protocol/messages.js";
import type { RawMessage } from "../../wire/codec.js";
import { MessageReader } from "../../wire/message-reader.js";
import { checkFields } from "../../wire/validate.js";

/** Watches what a client sends for what must hold in every case: legal messages, hello first, and ids used one at a time. */
export class ClientLedger {
  /** What was wrong, in words. */
  readonly problems: string[] = [];
  /** Ids of the requests that wait for the scripted worker's answer. */
  readonly live = new Set<number>();
  #received = 0;
  #isWritingLegal = true;
  readonly #written = new MessageReader(({ t: type, id }) => {
    if (type === "result" || type === "error") this.live.delete(id as number);
  });

  received(raw: RawMessage): void {
    const { t: type } = raw;
    if ((type === "hello") !== (this.#received === 0)) {
      this.#blame(
        `expected hello as message 1 and only there, received ${String(type)} as ${this.#received + 1}`,
      );
    }
    this.#received++;
    const known = typeof type === "string" && Object.hasOwn(CLIENT_MESSAGES, type);
    if (!known) {
      this.#blame(`expected a message of version 1, received one of type ${String(type)}`);
      return;
    }
    const checked = checkFields(CLIENT_MESSAGES[type as keyof typeof CLIENT_MESSAGES], raw);
    if (!checked.ok) this.#blame(`${checked.problem}, in a message of type ${type}`);
    if (type === "upscale") this.#open(raw.id as number);
  }

  /** Follows the answers; a script may also write what is no message. */
  wrote(bytes: Uint8Array): void {
    if (!this.#isWritingLegal) return;
    try {
      this.#written.push(bytes);
    } catch {
      this.#isWritingLegal = false;
    }
  }

  #open(id: number): void {
    if (this.live.has(id)) this.#blame(`expected an id that is not live, received ${id} again`);
    this.live.add(id);
  }

  #blame(problem: string): void {
    this.problems.push(problem);
  }
}
