/** A model's files are damaged, hostile, or describe a network that cannot be run in tiles. */
export class ModelError extends Error {
  readonly code = "model_invalid";

  constructor(message: string, options: { cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "ModelError";
  }
}
