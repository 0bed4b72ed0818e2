import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { isGreen, runCases, Skipped } from "../../src/conformance/run-cases.js";
import { type Listed, readExpectedFailures, select } from "../../src/conformance/selection.js";

const CASES: Listed[] = [
  { id: "a/good", level: "required" },
  { id: "a/bad", level: "required" },
  { id: "b/good", level: "recommended" },
];

async function run(expected: readonly string[], cases = CASES) {
  let [running, most] = [0, 0];
  const outcomes = await runCases({
    cases,
    jobs: 2,
    expectedFailures: new Set(expected),
    onOutcome: () => undefined,
    run: async ({ id }) => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 5));
      running--;
      return id.endsWith("skip") ? new Skipped("not for it") : id.endsWith("bad") ? ["wrong"] : [];
    },
  });
  return { outcomes, most, statuses: outcomes.map(({ status }) => status) };
}

describe("runCases", () => {
  it("is red when a case fails, and keeps their order and the bound on how many run at once", async () => {
    const { outcomes, statuses, most } = await run([]);
    expect(statuses).toEqual(["passed", "failed", "passed"]);
    expect(isGreen(outcomes)).toBe(false);
    expect(most).toBe(2);
  });

  it("is green when what fails was expected to", async () => {
    const { outcomes, statuses } = await run(["a/bad"]);
    expect(statuses).toEqual(["passed", "failed as expected", "passed"]);
    expect(isGreen(outcomes)).toBe(true);
  });

  it("is red when what was expected to fail passes", async () => {
    const { outcomes, statuses } = await run(["a/bad", "b/good"]);
    expect(statuses[2]).toBe("passed unexpectedly");
    expect(isGreen(outcomes)).toBe(false);
  });

  it("does not count what does not apply", async () => {
    const { outcomes, statuses } = await run([], [{ id: "a/skip", level: "required" }]);
    expect(statuses).toEqual(["skipped"]);
    expect(isGreen(outcomes)).toBe(true);
  });
});

describe("select", () => {
  it("takes a part of the id and the level", () => {
    const ids = (filter: string | null, level: Listed["level"]) =>
      select(CASES, { filter, level }).map(({ id }) => id);
    expect(ids("good", "recommended")).toEqual(["a/good", "b/good"]);
    expect(ids("bad,b/", "recommended")).toEqual(["a/bad", "b/good"]);
    expect(ids("good", "required")).toEqual(["a/good"]);
    expect(() => ids("nothing", "required")).toThrow(/--filter, received nothing/);
  });
});

describe("readExpectedFailures", () => {
  const folder = mkdtempSync(join(tmpdir(), "expected-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const read = (text: string) => {
    const path = join(folder, "list");
    writeFileSync(path, text);
    return [...readExpectedFailures(path, CASES)];
  };

  it("takes an id a line and leaves comments out", () => {
    expect(read("# known\na/bad # until it is fixed\n\n")).toEqual(["a/bad"]);
  });

  it("refuses ids of no case, and a file that is not there", () => {
    expect(() => read("a/gone\n")).toThrow(/received a\/gone/);
    expect(() => readExpectedFailures(join(folder, "none"), CASES)).toThrow(/--expected-failures/);
  });
});
