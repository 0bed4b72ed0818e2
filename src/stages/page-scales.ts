import { UpscalerError } from "../errors.js";
import { type Enlargement, enlargementTo, scalesOf } from "../models/scales.js";
import type { PageOptions } from "./job.js";

/** The scales that pages can be had in from a loaded model. */
export class PageScales {
  readonly #modelScale: number;
  readonly #usual: number;

  /**
   * @param usual of requests that name none; null for the model's own
   * @throws {UpscalerError} unsupported_option: the model cannot serve the usual one
   */
  constructor(modelScale: number, usual: number | null) {
    this.#modelScale = modelScale;
    this.#usual = usual ?? modelScale;
    this.enlargementFor({ scale: usual });
  }

  /** The usual one first. */
  get all(): readonly number[] {
    return [this.#usual, ...scalesOf(this.#modelScale).filter((scale) => scale !== this.#usual)];
  }

  /** @throws {UpscalerError} unsupported_option */
  enlargementFor(options: Pick<PageOptions, "scale">): Enlargement {
    const scale = options.scale ?? this.#usual;
    const enlargement = enlargementTo(scale, this.#modelScale);
    if (enlargement !== null) return enlargement;
    const known = scalesOf(this.#modelScale);
    const expected = known.length === 1 ? `${known[0]}` : `one of ${known.join(", ")}`;
    throw new UpscalerError(
      "unsupported_option",
      `expected scale to be ${expected}, as a model of ${this.#modelScale}x gives, received ${scale}; use fit for smaller sizes`,
    );
  }
}
