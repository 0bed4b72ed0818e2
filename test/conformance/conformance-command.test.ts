import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { PACKAGE_ROOT } from "../../src/package-root.js";
import { CLI, runCli } from "../support/worker.js";

const REAL = [process.execPath, CLI, "worker", "--gpu-id", "-1", "--log-level", "error"];
const TEST_WORKER = [process.execPath, join(PACKAGE_ROOT, "dist", "src", "testing", "test-worker.cjs")];
const TESTEE = [process.execPath, join(PACKAGE_ROOT, "dist", "src", "testing", "client-testee.js")];
const broken = (kind: string, name: string) => [process.execPath, join(import.meta.dirname, kind, name)];

/**
 * Each case starts a process, so only one of several alike runs by default; what the others look at is tested without
 * processes in test/wire and test/session. CONFORMANCE=full runs every case.
 */
const isFull = process.env.CONFORMANCE === "full";
const REAL_CASES = isFull ? "/" : "handshake/,images/,life/";
const TEST_WORKER_CASES = isFull
  ? "/"
  : "framing/,concurrency/,-allowed,envelope/un,envelope/d,msgpack/not,msgpack/d";
const CLIENT_CASES = isFull
  ? "/"
  : "greeting/,control/,restart/,answers/,lost/crash,lost/answered,lost/fatal";

interface Report {
  readonly conforms: boolean;
  readonly cases: readonly { id: string; status: string; problems: readonly string[] }[];
}

const folder = mkdtempSync(join(tmpdir(), "conformance-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function conformance(options: readonly string[], command: readonly string[] = []) {
  const { code, stdout, stderr } = await runCli(["conformance", "--json", ...options, ...command]);
  const report = code === 64 ? null : (JSON.parse(stdout.toString()) as Report);
  return { code, report, stderr };
}

function failuresOf(report: Report | null): Record<string, string> {
  const failed = report?.cases.filter(({ status }) => status === "failed") ?? [];
  return Object.fromEntries(failed.map(({ id, problems }) => [id, problems.join("; ")]));
}

describe("the kit against workers", () => {
  it("finds nothing in the real worker on the CPU", { timeout: 300_000 }, async () => {
    const { code, report } = await conformance(["--filter", REAL_CASES, "--worker"], REAL);
    expect(failuresOf(report)).toEqual({});
    expect(code).toBe(0);
    expect(report?.cases.length).toBeGreaterThan(40);
  });

  // The same reader and session with an engine that needs less of the machine, and a limit that is quick to reach.
  it("finds nothing in the test worker", { timeout: 300_000 }, async () => {
    const command = [...TEST_WORKER, "--limit", "maxInFlightBytes=150000000"];
    const { code, report } = await conformance(["--filter", TEST_WORKER_CASES, "--worker"], command);
    expect(failuresOf(report)).toEqual({});
    expect(code).toBe(0);
    expect(report?.cases.length).toBeGreaterThan(50);
  });

  it("is not disturbed by a worker whose libraries print to standard output", async () => {
    const { code } = await conformance(
      ["--filter", "images/output", "--worker"],
      [...TEST_WORKER, "--fault", "stdout-noise"],
    );
    expect(code).toBe(0);
  });

  it.each([
    ["drops-an-answer.mjs", "images/not-an-image", /unsupported_format/],
    ["answers-twice.mjs", "envelope/id-range", /at most 1 answers to id 1, received 2/],
    ["never-ends.mjs", "life/shutdown-idle:drain", /end within 2000 ms/],
  ])("names what is wrong with the worker %s", async (name, id, problem) => {
    const options = ["--timeout-ms", "2000", "--filter", id, "--worker"];
    const { code, report } = await conformance(options, broken("broken-workers", name));
    expect(failuresOf(report)[id]).toMatch(problem);
    expect(code).toBe(1);
    expect((await conformance(options, TEST_WORKER)).code).toBe(0);
  });

  it("finds what is between the frames", async () => {
    const faulty = [...TEST_WORKER, "--fault", "garbage"];
    const { report } = await conformance(
      ["--timeout-ms", "2000", "--filter", "images/upright", "--worker"],
      faulty,
    );
    expect(failuresOf(report)["images/upright"]).toMatch(/expected frames on standard output/);
  });

  it("accepts a failure that is listed, and refuses a list that is out of date", async () => {
    const list = join(folder, "list");
    writeFileSync(list, "images/not-an-image # forgets the request\n");
    const options = [
      "--timeout-ms",
      "2000",
      "--filter",
      "images/not",
      "--expected-failures",
      list,
      "--worker",
    ];
    expect((await conformance(options, broken("broken-workers", "drops-an-answer.mjs"))).code).toBe(0);
    const { code, report } = await conformance(options, TEST_WORKER);
    expect(code).toBe(1);
    expect(report?.cases.map(({ status }) => status)).toEqual(["passed unexpectedly"]);
  });
});

describe("the kit against clients", () => {
  it("finds nothing in the TypeScript client", { timeout: 180_000 }, async () => {
    const { code, report } = await conformance(["--jobs", "4", "--filter", CLIENT_CASES, "--client"], TESTEE);
    expect(failuresOf(report)).toEqual({});
    expect(code).toBe(0);
    expect(report?.cases.length).toBeGreaterThan(50);
  });

  it("names what is wrong with a client that stops at unknown messages, and with nothing else", async () => {
    const command = broken("broken-clients", "stops-at-unknown-type.mjs");
    const options = ["--timeout-ms", "2000", "--filter", "answers/unknown", "--client"];
    const { code, report } = await conformance(options, command);
    const expected = ["answers/unknown-feature-message", "answers/unknown-type"];
    expect(Object.keys(failuresOf(report)).sort()).toEqual(expected);
    expect(code).toBe(1);
  });

  it("leaves out what a client does not announce", async () => {
    const command = broken("broken-clients", "stops-at-unknown-type.mjs");
    const { code, report } = await conformance(["--filter", "restart/replays", "--client"], command);
    expect(report?.cases.map(({ status }) => status)).toEqual(["skipped"]);
    expect(code).toBe(0);
  });
});

describe("mutated frames", () => {
  it("do not get the better of 20 worker processes", { timeout: 120_000 }, async () => {
    const { code, report } = await conformance(["--fuzz", "10000", "--seed", "4", "--worker"], TEST_WORKER);
    expect(report).toMatchObject({ conforms: true, frames: 10_000, processes: 20, problems: [] });
    expect(code).toBe(0);
  });

  it.each([
    ["drops-an-answer.mjs", "expected an answer to every request"],
    ["answers-twice.mjs", "expected at most 1 answers"],
  ])("show what is wrong with %s", { timeout: 120_000 }, async (name, problem) => {
    const options = ["--fuzz", "10000", "--timeout-ms", "5000", "--worker"];
    const { code, report } = await conformance(options, broken("broken-workers", name));
    expect(report).toMatchObject({
      conforms: false,
      problems: expect.arrayContaining([expect.stringContaining(problem)]),
    });
    expect(code).toBe(1);
  });
});

describe("a command line that makes no sense", () => {
  it.each([
    ["no command", ["--worker"], /expected a command after --worker/],
    ["neither side", [], /received neither/],
    ["both sides", ["--worker", "--client", "true"], /received both/],
    ["a program that is not there", ["--worker", "no-such-program-at-all"], /no-such-program-at-all/],
    ["a path that is not there", ["--client", "/nonexistent/client"], /\/nonexistent\/client/],
    ["a filter that fits nothing", ["--filter", "zzz", "--worker", "true"], /received zzz/],
    ["a folder without cases", ["--cases", "/nonexistent", "--worker", "true"], /folder with case files/],
    ["an unknown level", ["--level", "nice", "--worker", "true"], /--level/],
    ["mutations for a client", ["--fuzz", "5", "--client", "true"], /received --client/],
    ["a command for the reader", ["--fuzz-reader", "5", "--worker", "true"], /without a command/],
  ])("is refused with exit code 64: %s", async (_what, options, message) => {
    const { code, stderr } = await conformance(options);
    expect(code).toBe(64);
    expect(stderr).toMatch(message);
  });
});
