import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, describe, expect, it } from "vitest";
import { PACKAGE_ROOT } from "../../src/package-root.js";
import { screentonePage } from "../support/pages.js";
import { TEST_WORKER } from "../support/worker.js";

const TESTEE = join(PACKAGE_ROOT, "dist", "src", "testing", "client-testee.js");
const page = await screentonePage(48, 32);
const data = page.toString("base64");

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

type Event = Readonly<Record<string, unknown>>;

/** The adapter over a test worker, with everything that it says. */
function start(...faults: string[]) {
  const worker = JSON.stringify([
    process.execPath,
    TEST_WORKER,
    ...faults.flatMap((fault) => ["--fault", fault]),
  ]);
  const env = { ...process.env, CONFORMANCE_WORKER: worker };
  const child = spawn(process.execPath, [TESTEE], { env, stdio: ["pipe", "pipe", "inherit"] });
  children.push(child);
  const events: Event[] = [];
  const lines = createInterface({ input: child.stdout });
  lines.on("line", (line) => events.push(JSON.parse(line) as Event));
  const ended = once(child, "close").then(([code]) => code as number | null);
  const say = (op: string, fields: object = {}) =>
    child.stdin.write(`${JSON.stringify({ op, ...fields })}\n`);
  return { child, events, ended, say, lines };
}

describe("the adapter for the conformance kit", () => {
  it("turns operations into calls and what comes of them into events, from hello to closed", async () => {
    const { events, ended, say } = start();
    say("upscale", { key: "good", data, progress: true, quality: 90, format: "png", priority: 2 });
    say("upscale", { key: "bad", data: Buffer.from("no image").toString("base64") });
    say("close");
    expect(await ended).toBe(0);
    expect(events[0]).toEqual({ event: "hello", capabilities: ["restart", "progress", "update"] });
    expect(events[1]).toEqual({ event: "ready" });
    expect(events.find(({ event }) => event === "progress")).toMatchObject({
      key: "good",
      done: 1,
      total: 1,
    });
    const good = events.filter(({ key, event }) => key === "good" && event === "result");
    expect(good).toEqual([
      ...[
        {
          event: "result",
          key: "good",
          width: 96,
          height: 64,
          format: "png",
          sha256: expect.any(String),
          warnings: [],
        },
      ],
    ]);
    expect(good[0]?.sha256).not.toBe(createHash("sha256").update(page).digest("hex"));
    expect(events.filter(({ key }) => key === "bad")).toEqual([
      expect.objectContaining({ event: "error", code: "unsupported_format", retryable: false }),
    ]);
    expect(events.at(-1)).toEqual({ event: "closed", exit_code: 0 });
  });

  it("cancels, and takes the end of its input for close", async () => {
    const { events, ended, say, child, lines } = start("stall");
    say("upscale", { key: "a", data });
    await once(lines, "line");
    say("update", { key: "a", priority: 2 });
    say("cancel", { key: "a" });
    child.stdin.end();
    expect(await ended).toBe(0);
    expect(events.filter(({ key }) => key === "a")).toEqual([
      expect.objectContaining({ event: "error", code: "cancelled", retryable: false }),
    ]);
  });

  it("tells of a worker that is lost for good", async () => {
    const { events, ended, say } = start("exit-at-start=69");
    say("upscale", { key: "a", data });
    say("close");
    expect(await ended).toBe(0);
    expect(events.slice(1)).toEqual([
      { event: "lost", reason: "the worker has ended with exit code 69" },
      expect.objectContaining({ event: "error", key: "a", code: "connection_lost", retryable: true }),
      { event: "closed", exit_code: 69 },
    ]);
  });
});
