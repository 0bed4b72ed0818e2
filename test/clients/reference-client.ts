import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { PACKAGE_ROOT } from "../../src/package-root.js";

/** How a reference client is run. */
export interface ReferenceClient {
  /** The adapter program for the conformance kit. */
  readonly testee: readonly string[];
  /** The command line that upscales one page through a worker. */
  upscale(page: string, output: string, worker: readonly string[]): readonly string[];
  /** The tests in the client's own language, and what else must succeed. */
  readonly ownTests: readonly Run[];
}

export interface Run {
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

export const CLIENTS_FOLDER = join(PACKAGE_ROOT, "protocol", "clients");

/** Built and installed things; ignored by git and kept between runs. */
export const SETUP_FOLDER = join(PACKAGE_ROOT, ".setup");

/** Runs a command to its end; throws with its output unless it exits with 0. */
export function run({ command, cwd, env }: Run): string {
  const [program = "", ...args] = command;
  const { status, error, stdout, stderr } = spawnSync(program, args, { cwd, env, encoding: "utf8" });
  if (status === 0) return `${stdout}${stderr}`;
  throw new Error(
    `${command.join(" ")} ended with ${error?.message ?? status}:\n${stdout ?? ""}${stderr ?? ""}`,
  );
}

/** Whether a command runs at all; a version manager's shim can be there and lead nowhere. */
export function works(command: readonly string[]): boolean {
  const [program = "", ...args] = command;
  return spawnSync(program, args).status === 0;
}

/** Says on standard error, where no reporter swallows it, that tests are left out, and how to get them. */
export function announceSkipped(what: string, remedy: string): void {
  process.stderr.write(`\nSKIPPED: ${what}. To run it: ${remedy}\n\n`);
}
