import type { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { EXIT, type ExitCode, FATAL_ERROR_CODES } from "../../protocol/error-codes.js";
import { FatalError, messageOf, UpscalerError } from "../errors.js";
import { type GuardedStdout, takeStdout } from "../wire/stdout-guard.js";

/** @returns the exit code that a command ends with when it throws this */
export function exitCodeOf(thrown: unknown): ExitCode {
  if (thrown instanceof FatalError) return FATAL_ERROR_CODES[thrown.code].exitCode;
  return thrown instanceof UpscalerError ? EXIT.failure : EXIT.internal;
}

function report(thrown: unknown): void {
  const isExpected = thrown instanceof UpscalerError;
  const detail = isExpected && thrown.detail ? ` (${thrown.detail})` : "";
  const text = isExpected ? `${thrown.code}: ${thrown.message}${detail}` : stackOf(thrown);
  process.stderr.write(`error: ${text}\n`);
}

/** A fault of the program keeps its stack: whoever reports it has nothing else. */
function stackOf(thrown: unknown): string {
  return thrown instanceof Error ? (thrown.stack ?? thrown.message) : messageOf(thrown);
}

function endOf(stream: Writable): Promise<void> {
  stream.end();
  return finished(stream);
}

/**
 * Runs a command with standard output guarded, and turns whatever it throws into one line on standard error.
 *
 * @returns the exit code for the process
 */
export async function runProgram(command: (stdout: GuardedStdout) => Promise<ExitCode>): Promise<ExitCode> {
  try {
    const stdout = takeStdout();
    const exitCode = await command(stdout);
    if (stdout.isFile && stdout.stream.writable) await endOf(stdout.stream);
    return exitCode;
  } catch (thrown) {
    report(thrown);
    return exitCodeOf(thrown);
  }
}
