/**
 * The part of vitest's JSON report that is read.
 *
 * @typedef {object} TestReport
 * @property {{ name: string, status: string, assertionResults: { status: string, fullName: string }[] }[]} testResults
 *   one for each test file
 */

/**
 * @typedef {object} TestSummary
 * @property {number} passed
 * @property {number} failed tests, and each check, file or run that failed as a whole
 * @property {number} skipped
 * @property {string[]} failures what failed, by name
 */

/** @param {TestReport["testResults"][number]} file @returns {string[]} */
function failuresOf(file) {
  const failed = file.assertionResults.filter((test) => test.status === "failed");
  if (failed.length > 0) return failed.map((test) => test.fullName);
  // A file that cannot be loaded, or whose hooks fail, has no failed test to count.
  return file.status === "failed" ? [`${file.name} as a whole`] : [];
}

/**
 * @param {object} outcome
 * @param {TestReport | null} outcome.report null when vitest wrote none that can be read
 * @param {number} outcome.exitCode vitest's
 * @param {readonly string[]} outcome.failedChecks names of the other checks that failed
 * @returns {TestSummary} never without a failure when vitest failed or when nothing was tested
 */
export function summarise({ report, exitCode, failedChecks }) {
  const tests = report?.testResults.flatMap((file) => file.assertionResults) ?? [];
  const passed = tests.filter((test) => test.status === "passed").length;
  const inTests = report?.testResults.flatMap(failuresOf) ?? [];
  if (!report) inTests.push(`the test run: vitest ended with ${exitCode} and left no report`);
  else if (exitCode !== 0 && inTests.length === 0)
    inTests.push(`the test run: vitest ended with ${exitCode}`);
  else if (passed === 0 && inTests.length === 0) inTests.push("the test run: no test ran");
  const failures = [...failedChecks, ...inTests];
  const ran = tests.filter((test) => test.status === "passed" || test.status === "failed").length;
  return { passed, failed: failures.length, skipped: tests.length - ran, failures };
}

/** @param {TestSummary} summary @returns {string} such as `12 passed, 0 failed, 1 skipped` */
export function summaryLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}
