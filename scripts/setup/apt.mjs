import { findExecutable } from "./find-executable.mjs";
import { CommandError, runCommand } from "./run-command.mjs";
import { SetupError } from "./setup-error.mjs";

/** Another package manager may be at work (a new machine's own upgrade); a dead mirror must not hold the set-up for long. */
const OPTIONS = [
  "-y",
  "-o",
  "DPkg::Lock::Timeout=300",
  "-o",
  "Acquire::http::Timeout=30",
  "-o",
  "Acquire::Retries=1",
];

/** @returns {boolean} whether this process may install Debian packages */
export function canInstallPackages() {
  return process.getuid?.() === 0 && findExecutable("apt-get") !== null;
}

/**
 * @param {readonly string[]} packages names of Debian packages
 * @returns {string} the command that installs them, for a person to run
 */
export function installCommand(packages) {
  const sudo = process.getuid?.() === 0 ? "" : "sudo ";
  return `${sudo}apt-get update && ${sudo}apt-get install -y ${packages.join(" ")}`;
}

/**
 * Installs Debian packages without asking.
 *
 * @param {readonly string[]} packages
 * @param {import("./reporter.mjs").Reporter} reporter
 * @throws {SetupError} when apt-get fails
 */
export async function installPackages(packages, reporter) {
  reporter.start("tools", `installing ${packages.join(" ")} with apt-get, as root`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  try {
    await runCommand("apt-get", ["update", ...OPTIONS], { env });
    await runCommand("apt-get", ["install", "--no-install-recommends", ...OPTIONS, ...packages], { env });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new SetupError(error.message, `Repeat it by hand: ${installCommand(packages)}`);
  }
  reporter.done();
}
