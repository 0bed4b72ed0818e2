import { spawn } from "node:child_process";
import { endWithParent, isStopping } from "./children.mjs";
import { heldLocks } from "./held-locks.mjs";

/** A command of the set-up that failed; the message holds what to look at. */
export class CommandError extends Error {
  /**
   * @param {string} commandLine
   * @param {number | string | null} status exit code, signal, or why it could not be started
   * @param {string} output last lines that it printed
   */
  constructor(commandLine, status, output) {
    super(`'${commandLine}' ended with ${status}${output ? `:\n${output.trimEnd()}` : ""}`);
    this.name = "CommandError";
    this.status = status;
    this.output = output;
  }
}

/** Enough for the errors of a compiler that names every template it went through. */
const KEPT_OUTPUT_CHARACTERS = 32_768;

/**
 * Runs a command to its end, without a shell. It and what it starts end with this process, and hold on to the locks that
 * this process holds: should this process be killed, nobody takes over before its last child is gone.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, onLine?: (line: string) => void }} [options]
 *   onLine receives every line of stdout and stderr as it arrives
 * @returns {Promise<string>} the last 32 Ki characters of what it printed
 * @throws {CommandError} when it cannot be started or exits with another code than 0
 */
export function runCommand(command, args, { cwd, env, onLine } = {}) {
  const commandLine = [command, ...args].join(" ");
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env,
      detached: true,
      stdio: ["ignore", "pipe", "pipe", ...heldLocks()],
    });
    endWithParent(child);
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      let partial = "";
      stream?.setEncoding("utf8");
      stream?.on("data", (text) => {
        output = (output + text).slice(-KEPT_OUTPUT_CHARACTERS);
        if (!onLine) return;
        const lines = (partial + text).split(/\r?\n/);
        partial = lines.pop() ?? "";
        for (const line of lines) onLine(line);
      });
    }
    child.once("error", (error) => reject(new CommandError(commandLine, error.message, output)));
    child.once("close", (code, signal) => {
      // The interrupt is the news then, not that the interrupted command failed.
      if (isStopping()) return;
      if (code === 0) resolve(output);
      else reject(new CommandError(commandLine, code ?? signal, output));
    });
  });
}

/**
 * Runs a command whose output goes straight to this process's own.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<number>} exit code; 128 when a signal ended it
 * @throws {CommandError} when it cannot be started
 */
export function runVisibly(command, args, { cwd, env } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, detached: true, stdio: ["ignore", "inherit", "inherit"] });
    endWithParent(child);
    child.once("error", (error) => reject(new CommandError([command, ...args].join(" "), error.message, "")));
    child.once("close", (code) => {
      if (!isStopping()) resolve(code ?? 128);
    });
  });
}
