import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { KitError } from "../kit-error.js";

/**
 * Looks for the program under test before any case does: one that is not there would fail them all.
 *
 * @throws {KitError} wrong_arguments
 */
export function requireProgram(command: readonly string[]): void {
  const [program] = command;
  if (program === undefined || program === "") {
    throw new KitError("wrong_arguments", "expected a command after --worker or --client, received nothing");
  }
  const places = program.includes("/")
    ? [program]
    : (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, program));
  if (!places.some(isProgram)) {
    throw new KitError("wrong_arguments", `expected a program that can be run, received ${program}`);
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
