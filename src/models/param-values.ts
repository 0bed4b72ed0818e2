import { ModelError } from "./model-error.js";

/** One value of a layer line. ncnn tells integers from floats by their spelling and never converts between them. */
export type ParamValue =
  | { readonly kind: "int"; readonly value: number }
  | { readonly kind: "float"; readonly value: number }
  | { readonly kind: "array"; readonly isInteger: boolean; readonly value: readonly number[] }
  | { readonly kind: "text"; readonly value: string };

/** The `k=v` parameters of one layer, read by their numeric key with ncnn's defaults. */
export class ParamValues {
  readonly #owner: string;
  readonly #values: ReadonlyMap<number, ParamValue>;

  /** @param owner how errors name the layer */
  constructor(owner: string, values: ReadonlyMap<number, ParamValue>) {
    this.#owner = owner;
    this.#values = values;
  }

  /** @throws {ModelError} the value is there but is not an integer */
  int(key: number, fallback: number): number {
    const found = this.#values.get(key);
    if (found === undefined) return fallback;
    if (found.kind !== "int") throw this.#mismatch(key, "an integer", found);
    return found.value;
  }

  /** @throws {ModelError} the value is there but is not an integer within `least`..`most` */
  intWithin(key: number, fallback: number, least: number, most: number): number {
    const value = this.int(key, fallback);
    if (value < least || value > most) {
      throw new ModelError(
        `expected parameter ${key} of ${this.#owner} to be ${least} to ${most}, received ${value}`,
      );
    }
    return value;
  }

  /** @throws {ModelError} the value is there but is not spelled as a float (with "." or "e") */
  float(key: number, fallback: number): number {
    const found = this.#values.get(key);
    if (found === undefined) return fallback;
    if (found.kind !== "float") throw this.#mismatch(key, 'a number spelled with "." or "e"', found);
    return found.value;
  }

  /** @returns null when the parameter is absent */
  array(key: number): readonly number[] | null {
    const found = this.#values.get(key);
    if (found === undefined) return null;
    if (found.kind !== "array") throw this.#mismatch(key, "an array", found);
    return found.value;
  }

  /**
   * @returns null when the parameter is absent
   * @throws {ModelError} the value is there but is not an array of numbers spelled without "." and "e"
   */
  integers(key: number): readonly number[] | null {
    const found = this.#values.get(key);
    if (found === undefined) return null;
    if (found.kind !== "array" || !found.isInteger) throw this.#mismatch(key, "an array of integers", found);
    return found.value;
  }

  has(key: number): boolean {
    return this.#values.has(key);
  }

  #mismatch(key: number, expected: string, found: ParamValue): ModelError {
    return new ModelError(
      `expected parameter ${key} of ${this.#owner} to be ${expected}, received ${found.kind} ${String(found.value)}`,
    );
  }
}
