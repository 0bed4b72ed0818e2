import "./setup/require-node.mjs";
import { parseArgs } from "node:util";
import { Reporter } from "./setup/reporter.mjs";
import { CommandError } from "./setup/run-command.mjs";
import { setUp } from "./setup/set-up.mjs";
import { SetupError } from "./setup/setup-error.mjs";

const USAGE = "usage: node scripts/setup.mjs [--for run|test]";

/** @returns {"run" | "test"} @throws {SetupError} */
function readPurpose() {
  try {
    const { values } = parseArgs({ options: { for: { type: "string", default: "run" } } });
    if (values.for === "run" || values.for === "test") return values.for;
    throw new SetupError(`expected run or test for --for, received '${values.for}'`, USAGE);
  } catch (error) {
    if (error instanceof SetupError || !(error instanceof TypeError)) throw error;
    throw new SetupError(error.message, USAGE);
  }
}

/**
 * @param {Error} error
 * @returns {boolean} false for a fault of the set-up itself, which keeps its stack; a full disk or a folder that cannot be
 *   written to is none
 */
function isAboutTheMachine(error) {
  return error instanceof SetupError || error instanceof CommandError || "syscall" in error;
}

const reporter = new Reporter(process.stdout);
try {
  await setUp(readPurpose(), reporter);
} catch (error) {
  if (!(error instanceof Error) || !isAboutTheMachine(error)) throw error;
  reporter.endLine();
  console.error(`set-up: ${error.message}`);
  process.exitCode = 1;
}
