import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { cxxCompiler } from "../../addon/ncnn/cache.mjs";
import { installCommand } from "./apt.mjs";
import { CommandError, runCommand } from "./run-command.mjs";
import { ensureForTests } from "./test-needs.mjs";

/** Loses memory when it is told to, and does nothing else. */
const PROBE = `
#include <cstdlib>
#include <cstring>
int main(int count, char**) {
    if (count < 2) return 0;
    void* volatile lost = std::malloc(4321);
    std::memset(lost, 1, 4321);
    lost = nullptr;
}
`;

/** @typedef {{ problem: string | null, findsLeaks: boolean }} SanitizerSupport problem: why nothing can be built or run */

/** @param {string} command @param {readonly string[]} args @returns {Promise<string | null>} its complaint; null: none */
async function complaintOf(command, args) {
  try {
    await runCommand(command, args, { env: { ...process.env, ASAN_OPTIONS: "detect_leaks=1" } });
    return null;
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return error.output.trim() || `ended with ${error.status}`;
  }
}

/**
 * Finds out by trying what the compiler and this machine can do: a container without ptrace lets no leaks be found.
 *
 * @param {readonly string[]} flags that the compiler is to take
 * @returns {Promise<SanitizerSupport>}
 */
export async function sanitizerSupport(flags = ["-fsanitize=address,undefined"]) {
  const folder = await mkdtemp(path.join(os.tmpdir(), "bdreader-sanitizer-"));
  try {
    const source = path.join(folder, "probe.cc");
    const program = path.join(folder, "probe");
    await writeFile(source, PROBE);
    const problem =
      (await complaintOf(cxxCompiler(), [...flags, source, "-o", program])) ??
      (await complaintOf(program, []));
    if (problem !== null) return { problem, findsLeaks: false };
    const leaks = await complaintOf(program, ["lose"]);
    return { problem: null, findsLeaks: leaks?.includes("4321 byte(s) leaked") ?? false };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** @returns {Promise<string[]>} Debian's name of the package that brings the sanitizers of the compiler */
async function sanitizerPackages() {
  const version = await runCommand(cxxCompiler(), ["--version"]);
  if (version.includes("clang")) return ["libclang-rt-dev"];
  return [`libgcc-${(await runCommand(cxxCompiler(), ["-dumpversion"])).split(".")[0]?.trim()}-dev`];
}

/** @returns {Promise<string>} the command that installs the sanitizers, for a person to run */
export async function sanitizerRemedy() {
  return installCommand(await sanitizerPackages());
}

/**
 * Sees to the sanitizers that the addon's native tests are built with.
 *
 * @param {import("./reporter.mjs").Reporter} reporter
 */
export async function ensureSanitizers(reporter) {
  const { problem } = await sanitizerSupport();
  const missing = problem === null ? [] : [`the address sanitizer of ${cxxCompiler()}`];
  await ensureForTests(
    { what: "sanitizer", missing, packages: missing.length > 0 ? await sanitizerPackages() : [] },
    reporter,
  );
}
