import type { ErrorMessage } from "../../protocol/messages.js";
import { UpscalerError } from "../errors.js";

/**
 * Why a request has no result. `code` is one of the worker's (protocol/PROTOCOL.md, Errors), unchanged, or one of the
 * client's own, which have subclasses: branch on either.
 */
export class RequestError extends UpscalerError<string> {
  override readonly name: string = "RequestError";
  /** Whether the same request may succeed later. */
  readonly retryable: boolean;

  constructor(
    code: string,
    message: string,
    options: { retryable?: boolean; detail?: string; cause?: unknown } = {},
  ) {
    super(code, message, options);
    this.retryable = options.retryable ?? false;
  }

  /** @returns the worker's answer as an error */
  static fromWorker({ code, message, retryable, detail }: ErrorMessage): RequestError {
    return new RequestError(code, message, { retryable, ...(detail === undefined ? {} : { detail }) });
  }
}

/** Code `connection_lost`: the worker is gone, and this request is not given to another one. */
export class WorkerLost extends RequestError {
  override readonly name: string = "WorkerLost";

  constructor(message: string, cause?: unknown) {
    super("connection_lost", message, { retryable: true, cause });
  }
}

/** Workers have died too often in too short a time; none is started until `reset()`. */
export class CircuitOpen extends WorkerLost {
  override readonly name = "CircuitOpen";
}

/** The worker cannot start on this machine or with these options; none is started until `reset()`. */
export class WorkerUnusable extends WorkerLost {
  override readonly name = "WorkerUnusable";
}

/** Code `internal`: this input was being processed at two crashes of a worker and is not sent to a third. */
export class InputQuarantined extends RequestError {
  override readonly name = "InputQuarantined";

  constructor(sha256: string) {
    super(
      "internal",
      `expected a page that the worker survives, but it has crashed twice with this input (SHA-256 ${sha256}): quarantined until reset()`,
    );
  }
}

/** Code `queue_full`: more requests wait in the client than `maxQueued`. */
export class QueueFull extends RequestError {
  override readonly name = "QueueFull";

  constructor(maxQueued: number) {
    super("queue_full", `expected at most ${maxQueued} waiting requests, received one more`, {
      retryable: true,
    });
  }
}

/** Code `client_closed`: `close()` was called. */
export class ClientClosed extends RequestError {
  override readonly name = "ClientClosed";

  constructor() {
    super("client_closed", "expected an open client, but close() has been called");
  }
}
