import "./setup/require-node.mjs";
import { mkdir, rm } from "node:fs/promises";
import path from "node:path";
import { ROOT, SETUP_DIR } from "./setup/paths.mjs";
import { readJsonIfWhole } from "./setup/read-json.mjs";
import { runVisibly } from "./setup/run-command.mjs";
import { summarise, summaryLine } from "./test-summary.mjs";

const REPORT_FILE = path.join(SETUP_DIR, "test-report.json");

/** @param {string} script path below the root @param {readonly string[]} args @returns {Promise<number>} exit code */
const runNode = (script, args) =>
  runVisibly(process.execPath, [path.join(ROOT, script), ...args], { cwd: ROOT });

/** Name, script and arguments of what is checked besides the tests. @type {[string, string, string[]][]} */
const CHECKS = [
  ["lint", "node_modules/@biomejs/biome/bin/biome", ["check", "--error-on-warnings", "."]],
  ["format of C++", "scripts/format-cpp.mjs", ["--check"]],
  ["types", "node_modules/typescript/bin/tsc", ["--noEmit"]],
];

/** @returns {Promise<string[]>} names of the checks that failed */
async function failedChecks() {
  const failed = [];
  for (const [name, script, args] of CHECKS) {
    console.log(`\n${name}`);
    if ((await runNode(script, args)) !== 0) failed.push(name);
  }
  return failed;
}

/** @param {readonly string[]} vitestArgs */
async function runTests(vitestArgs) {
  // A report of an earlier run must not speak for this one.
  await mkdir(SETUP_DIR, { recursive: true });
  await rm(REPORT_FILE, { force: true });
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${REPORT_FILE}`];
  const exitCode = await runNode("node_modules/vitest/vitest.mjs", [
    "run",
    "--coverage",
    ...reporters,
    ...vitestArgs,
  ]);
  // Absent or cut off: vitest did not come to its end, which the summary says.
  return { report: await readJsonIfWhole(REPORT_FILE), exitCode };
}

/** @param {readonly string[]} vitestArgs @returns {Promise<import("./test-summary.mjs").TestSummary>} */
async function runAll(vitestArgs) {
  if ((await runNode("scripts/setup.mjs", ["--for", "test"])) !== 0) {
    return { passed: 0, failed: 1, skipped: 0, failures: ["set-up"] };
  }
  const checks = await failedChecks();
  return summarise({ ...(await runTests(vitestArgs)), failedChecks: checks });
}

const summary = await runAll(process.argv.slice(2));
for (const failure of summary.failures) console.log(`FAILED: ${failure}`);
console.log(summaryLine(summary));
process.exitCode = summary.failed > 0 ? 1 : 0;
