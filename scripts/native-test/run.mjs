import path from "node:path";
import { ROOT } from "../setup/paths.mjs";
import { CommandError, runCommand } from "../setup/run-command.mjs";

const SUPPRESSIONS = path.join(ROOT, "addon/test/lsan.supp");

/** @typedef {{ group: string, name: string }} NativeCase */

/** @typedef {{ status: "passed" | "failed" | "skipped", message: string }} CaseResult */

/**
 * @typedef {object} GroupResult
 * @property {ReadonlyMap<string, CaseResult>} cases by name; without those that were not reached
 * @property {string | null} problem why the process did not end with 0, with what it and the sanitizers printed last
 */

/**
 * What the address sanitizer keeps to catch the use of what is gone grows to 256 MiB and more; whoever watches the memory
 * of the process would take that for a leak.
 */
const FORGETFUL = [
  "quarantine_size_mb=1",
  "thread_local_quarantine_size_kb=16",
  "allocator_release_to_os_interval_ms=10",
  "detect_stack_use_after_return=0",
].join(":");

/** @param {boolean} findLeaks @returns {NodeJS.ProcessEnv & { ASAN_OPTIONS: string }} */
function environment(findLeaks) {
  return {
    ...process.env,
    ASAN_OPTIONS: `detect_leaks=${findLeaks ? 1 : 0}:detect_stack_use_after_return=1:check_initialization_order=1`,
    LSAN_OPTIONS: `suppressions=${SUPPRESSIONS}:print_suppressions=0`,
    UBSAN_OPTIONS: "print_stacktrace=1",
    TSAN_OPTIONS: "halt_on_error=1:second_deadlock_stack=1",
    // A pool's idle threads that spin take the cores from the others.
    OMP_WAIT_POLICY: "passive",
  };
}

/** @param {string} program @returns {Promise<NativeCase[]>} */
export async function listNativeCases(program) {
  const output = await runCommand(program, ["--list"], { env: environment(false) });
  return output
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [group = "", name = ""] = line.split("\t");
      return { group, name };
    });
}

/**
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ env: NodeJS.ProcessEnv, onLine?: (line: string) => void }} options
 * @returns {Promise<string | null>} null when it ended with 0
 */
async function problemOfRun(program, args, { env, onLine = () => undefined }) {
  try {
    await runCommand(program, args, { env, onLine });
    return null;
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return error.message;
  }
}

/**
 * Upscales many pages and watches the memory of the process.
 *
 * @param {string} program
 * @param {{ pages: string, device: string }} soak device: cpu or vulkan
 * @param {{ findLeaks: boolean, onLine?: (line: string) => void }} options
 * @returns {Promise<string | null>} why it failed; null when it did not
 */
export function runNativeSoak(program, { pages, device }, { findLeaks, onLine = () => undefined }) {
  const env = environment(findLeaks);
  env.ASAN_OPTIONS = `${env.ASAN_OPTIONS}:${FORGETFUL}`;
  return problemOfRun(program, ["--soak", pages, device], { env, onLine });
}

/**
 * Runs the cases of one group, in one process of their own.
 *
 * @param {string} program
 * @param {string} group
 * @param {{ findLeaks: boolean, cpuOnly?: boolean }} options
 * @returns {Promise<GroupResult>}
 */
export async function runNativeGroup(program, group, { findLeaks, cpuOnly = false }) {
  /** @type {Map<string, CaseResult>} */
  const cases = new Map();
  const onLine = (/** @type {string} */ line) => {
    const [status, name = "", message = ""] = line.split("\t");
    if (status === "passed" || status === "failed" || status === "skipped") {
      cases.set(name, { status, message });
    }
  };
  const args = ["--run", group, ...(cpuOnly ? ["--cpu-only"] : [])];
  return { problem: await problemOfRun(program, args, { env: environment(findLeaks), onLine }), cases };
}
