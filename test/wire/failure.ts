import { FatalError } from "../../src/errors.js";

/** @returns the FatalError that `action` throws; anything else, and nothing, fails the test */
export function fatalErrorOf(action: () => void): FatalError {
  try {
    action();
  } catch (thrown) {
    if (thrown instanceof FatalError) return thrown;
    throw thrown;
  }
  throw new Error("expected a FatalError, but nothing was thrown");
}
