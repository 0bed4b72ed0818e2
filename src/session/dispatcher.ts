import type { z } from "zod";
import { label, requestId } from "../../protocol/fields.js";
import {
  CLIENT_MESSAGES,
  type ClientHello,
  type ClientMessageType,
  type PingMessage,
  type ShutdownMessage,
  type StatsRequestMessage,
} from "../../protocol/messages.js";
import { FatalError, UpscalerError } from "../errors.js";
import type { RawMessage } from "../wire/codec.js";
import { type Checked, checkFields, describeValue } from "../wire/validate.js";
import { readClientHello } from "./handshake.js";
import type { Workload } from "./workload.js";

/** What the client's messages set going. */
export interface Actions {
  readonly workload: Pick<
    Workload,
    "accept" | "update" | "abortId" | "refuse" | "isLive" | "requireUnusedId"
  >;
  onHello(message: ClientHello): void;
  onPing(message: PingMessage): void;
  onStats(message: StatsRequestMessage): void;
  onShutdown(message: ShutdownMessage): void;
}

/**
 * Takes each message to its action. A message that names its request is answered for that request when it is wrong; one
 * that does not cannot be answered, and is fatal.
 */
export class Dispatcher {
  readonly #actions: Actions;
  readonly #handlers: Readonly<Record<ClientMessageType, (raw: RawMessage) => void>>;
  #isGreeted = false;

  constructor(actions: Actions) {
    this.#actions = actions;
    this.#handlers = {
      hello: refuseSecondHello,
      upscale: (raw) => this.#upscale(raw),
      update: (raw) => this.#update(raw),
      cancel: (raw) => this.#cancel(idOf(raw)),
      ping: (raw) => actions.onPing(required(CLIENT_MESSAGES.ping, raw)),
      stats: (raw) => actions.onStats(required(CLIENT_MESSAGES.stats, raw)),
      shutdown: (raw) => actions.onShutdown(required(CLIENT_MESSAGES.shutdown, raw)),
    };
  }

  /** Whether the client has introduced itself. */
  get isGreeted(): boolean {
    return this.#isGreeted;
  }

  /** @throws {FatalError} handshake_required, unsupported_version, bad_envelope, duplicate_id */
  dispatch(raw: RawMessage): void {
    const { t: type } = raw;
    if (typeof type !== "string") {
      throw new FatalError("bad_envelope", `expected a string for t, received ${describeValue(type)}`);
    }
    if (!this.#isGreeted) {
      const hello = readClientHello(raw);
      this.#isGreeted = true;
      this.#actions.onHello(hello);
    } else if (Object.hasOwn(CLIENT_MESSAGES, type)) {
      this.#handlers[type as ClientMessageType](raw);
    } else {
      this.#answerUnknown(type, raw);
    }
  }

  #upscale(raw: RawMessage): void {
    const { workload } = this.#actions;
    const id = idOf(raw);
    // First of all: an answer to the id, even an error, would be taken for the answer to its live request.
    workload.requireUnusedId(id);
    const checked = checkFields(CLIENT_MESSAGES.upscale, raw);
    if (checked.ok) workload.accept(checked.value);
    else workload.refuse(id, new UpscalerError("invalid_request", checked.problem), labelOf(raw));
  }

  #update(raw: RawMessage): void {
    const { workload } = this.#actions;
    const id = idOf(raw);
    const checked = checkFields(CLIENT_MESSAGES.update, raw);
    if (checked.ok) workload.update(checked.value);
    else workload.abortId(id, new UpscalerError("invalid_request", `${checked.problem}, in update`));
  }

  #cancel(id: number): void {
    this.#actions.workload.abortId(
      id,
      new UpscalerError("cancelled", "expected nothing more: the client cancelled the request"),
    );
  }

  #answerUnknown(type: string, raw: RawMessage): void {
    const { workload } = this.#actions;
    const id = requestId.safeParse(raw.id);
    // A live id keeps its one answer for itself.
    if (!id.success || workload.isLive(id.data)) return;
    const known = Object.keys(CLIENT_MESSAGES).join(", ");
    workload.refuse(
      id.data,
      new UpscalerError("unknown_type", `expected one of ${known} for t, received ${describeValue(type)}`),
    );
  }
}

function refuseSecondHello(): never {
  throw new FatalError("bad_envelope", "expected hello once, received it again");
}

function idOf(raw: RawMessage): number {
  const id = requestId.safeParse(raw.id);
  if (id.success) return id.data;
  const expected = id.error.issues[0]?.message;
  throw new FatalError(
    "bad_envelope",
    `expected ${expected} for id, received ${describeValue(raw.id)}, in a message of type ${String(raw.t)}`,
  );
}

function required<Schema extends z.ZodType>(schema: Schema, raw: RawMessage): z.output<Schema> {
  const checked: Checked<z.output<Schema>> = checkFields(schema, raw);
  if (checked.ok) return checked.value;
  throw new FatalError("bad_envelope", `${checked.problem}, in a message of type ${String(raw.t)}`);
}

/** @returns the label of a request whose other fields may be wrong; undefined without a legal one */
function labelOf(raw: RawMessage): string | undefined {
  return label.safeParse(raw.label).data;
}
