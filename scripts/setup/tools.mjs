import { cxxCompiler } from "../../addon/ncnn/cache.mjs";
import { canInstallPackages, installCommand, installPackages } from "./apt.mjs";
import { findExecutable } from "./find-executable.mjs";
import { CommandError, runCommand } from "./run-command.mjs";
import { SetupError } from "./setup-error.mjs";

/**
 * A program that the set-up calls.
 *
 * @typedef {object} Tool
 * @property {string} name with the version that is expected, where it matters
 * @property {string | null} debianPackage null when only the user can know
 * @property {() => Promise<string | null>} problem what was found instead; null when the tool is there
 */

/** Debian 11's, the oldest that this was thought through for. */
const OLDEST_CMAKE = { major: 3, minor: 18 };

/** @param {string} command @returns {Promise<string | null>} */
async function absence(command) {
  return findExecutable(command) ? null : "not found";
}

/** @returns {Promise<string | null>} */
async function cmakeProblem() {
  if (!findExecutable("cmake")) return "not found";
  const [, version = "unknown"] = /cmake version (\S+)/.exec(await runCommand("cmake", ["--version"])) ?? [];
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const enough = major > OLDEST_CMAKE.major || (major === OLDEST_CMAKE.major && minor >= OLDEST_CMAKE.minor);
  return enough ? null : `found ${version}`;
}

/**
 * @param {string} statement
 * @returns {Promise<string | null>} why Python cannot run it; a version manager's python3 can be there and lead nowhere
 */
export async function pythonProblem(statement) {
  if (!findExecutable("python3")) return "not found";
  try {
    await runCommand("python3", ["-c", statement]);
    return null;
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return error.output.trim().split("\n").at(-1) || `ended with ${error.status}`;
  }
}

/** @returns {Tool} */
function compiler() {
  const command = cxxCompiler();
  const byUser = command !== "g++";
  return {
    name: byUser ? `the C++ compiler '${command}' that CXX names` : "g++",
    debianPackage: byUser ? null : "g++",
    problem: () => absence(command),
  };
}

/** @param {string} command @param {string} [debianPackage] @returns {Tool} */
const program = (command, debianPackage = command) => ({
  name: command,
  debianPackage,
  problem: () => absence(command),
});

/** @returns {Tool[]} what compiling the addon takes: node-gyp runs Python to write the files that ninja builds from */
export function addonTools() {
  return [
    compiler(),
    program("ninja", "ninja-build"),
    { name: "python3", debianPackage: "python3", problem: () => pythonProblem("import sys") },
  ];
}

/** @returns {Tool[]} what fetching and building ncnn takes besides */
export function ncnnBuildTools() {
  return [
    {
      name: `cmake >= ${OLDEST_CMAKE.major}.${OLDEST_CMAKE.minor}`,
      debianPackage: "cmake",
      problem: cmakeProblem,
    },
    {
      name: "python3 with venv and ensurepip",
      debianPackage: "python3-venv",
      problem: () => pythonProblem("import venv, ensurepip"),
    },
    program("tar"),
  ];
}

/**
 * @param {readonly Tool[]} tools
 * @returns {Promise<{ tool: Tool, problem: string }[]>} those that are not there
 */
async function missingOf(tools) {
  const checked = await Promise.all(tools.map(async (tool) => ({ tool, problem: await tool.problem() })));
  return checked.flatMap(({ tool, problem }) => (problem === null ? [] : [{ tool, problem }]));
}

/**
 * @param {readonly { tool: Tool, problem: string }[]} missing
 * @returns {SetupError} names every missing tool and the command that installs them
 */
export function missingToolsError(missing) {
  const names = missing.map(({ tool, problem }) => `${tool.name} (${problem})`);
  const packages = missing.flatMap(({ tool }) => tool.debianPackage ?? []);
  const remedies = packages.length > 0 ? [`Install with: ${installCommand(packages)}`] : [];
  if (packages.length < missing.length)
    remedies.push("Set CXX to a compiler on PATH, or unset it to use g++.");
  return new SetupError(`expected these tools on PATH: ${names.join(", ")}`, remedies.join("\n"));
}

/**
 * Makes sure that tools are there; installs what is missing when this process may.
 *
 * @param {readonly Tool[]} tools
 * @param {import("./reporter.mjs").Reporter} reporter
 * @throws {SetupError} with the exact command that installs what is missing
 */
export async function requireTools(tools, reporter) {
  let missing = await missingOf(tools);
  const packages = missing.flatMap(({ tool }) => tool.debianPackage ?? []);
  if (packages.length > 0 && canInstallPackages()) {
    await installPackages(packages, reporter);
    missing = await missingOf(tools);
  }
  if (missing.length > 0) throw missingToolsError(missing);
}
