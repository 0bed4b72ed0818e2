import { describe, expect, it } from "vitest";
import { summarise, summaryLine } from "../../scripts/test-summary.mjs";

/** @param statuses of the tests of one file */
function file(name: string, ...statuses: string[]) {
  const status = statuses.includes("failed") ? "failed" : "passed";
  return {
    name,
    status,
    assertionResults: statuses.map((each, at) => ({ status: each, fullName: `${name} ${at}` })),
  };
}

describe("the summary of a test run", () => {
  it("counts tests of all files", () => {
    const report = { testResults: [file("a", "passed", "skipped", "passed"), file("b", "passed", "todo")] };
    const summary = summarise({ report, exitCode: 0, failedChecks: [] });
    expect(summaryLine(summary)).toBe("3 passed, 0 failed, 2 skipped");
    expect(summary.failures).toEqual([]);
  });

  it("names failed tests and checks, and counts both", () => {
    const report = { testResults: [file("a", "passed", "failed"), file("b", "passed")] };
    const summary = summarise({ report, exitCode: 1, failedChecks: ["lint"] });
    expect(summaryLine(summary)).toBe("2 passed, 2 failed");
    expect(summary.failures).toEqual(["lint", "a 1"]);
  });

  it("counts a file that could not be loaded", () => {
    const report = {
      testResults: [file("a", "passed"), { name: "b", status: "failed", assertionResults: [] }],
    };
    const summary = summarise({ report, exitCode: 1, failedChecks: [] });
    expect(summaryLine(summary)).toBe("1 passed, 1 failed");
    expect(summary.failures).toEqual(["b as a whole"]);
  });

  it("counts a file whose tests passed and whose clean-up failed", () => {
    const report = { testResults: [{ ...file("a", "passed"), status: "failed" }] };
    expect(summarise({ report, exitCode: 1, failedChecks: [] }).failures).toEqual(["a as a whole"]);
  });

  it.each([0, 1, 128])("takes a run that left no report and ended with %i for failed", (exitCode) => {
    const summary = summarise({ report: null, exitCode, failedChecks: [] });
    expect(summaryLine(summary)).toBe("0 passed, 1 failed");
    expect(summary.failures).toEqual([`the test run: vitest ended with ${exitCode} and left no report`]);
  });

  it("takes an error outside of every test for a failure", () => {
    const report = { testResults: [file("a", "passed")] };
    const summary = summarise({ report, exitCode: 1, failedChecks: [] });
    expect(summaryLine(summary)).toBe("1 passed, 1 failed");
  });

  it.each([{ testResults: [] }, { testResults: [file("a", "skipped")] }])(
    "takes a run without a test for failed",
    (report) => {
      expect(summarise({ report, exitCode: 0, failedChecks: [] }).failures).toEqual([
        "the test run: no test ran",
      ]);
    },
  );
});
