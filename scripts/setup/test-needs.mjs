import { canInstallPackages, installCommand, installPackages } from "./apt.mjs";
import { findExecutable } from "./find-executable.mjs";
import { SetupError } from "./setup-error.mjs";
import { pythonProblem } from "./tools.mjs";

/**
 * Something that some tests need and the program does not. Those tests skip themselves without it, so its absence is
 * only said.
 *
 * @typedef {{ what: string, missing: readonly string[], packages: readonly string[] }} TestNeed
 *   missing: the parts that are not there; packages: Debian's names of what brings them
 */

/**
 * Installs what is missing as root with apt-get; otherwise says what to do.
 *
 * @param {TestNeed} need
 * @param {import("./reporter.mjs").Reporter} reporter
 */
export async function ensureForTests({ what, missing, packages }, reporter) {
  if (missing.length === 0) return;
  let reason = `${missing.join(" and ")} not found`;
  if (canInstallPackages()) {
    try {
      await installPackages(packages, reporter);
      return;
    } catch (error) {
      if (!(error instanceof SetupError)) throw error;
      reason = error.message;
    }
  }
  reporter.note(`WARNING: no ${what}, tests that need one will be skipped: ${reason}`);
  reporter.note(`Install it with: ${installCommand(packages)}`);
}

/**
 * Sees to what builds and runs the reference clients in other languages.
 *
 * @param {import("./reporter.mjs").Reporter} reporter
 */
export async function ensureClientTools(reporter) {
  const cargo = findExecutable("cargo") === null ? ["cargo"] : [];
  await ensureForTests({ what: "Rust compiler", missing: cargo, packages: ["cargo"] }, reporter);
  const venv = await pythonProblem("import venv, ensurepip");
  const python = venv === null ? [] : [`python3 with venv and ensurepip (${venv})`];
  await ensureForTests({ what: "Python environment", missing: python, packages: ["python3-venv"] }, reporter);
}
