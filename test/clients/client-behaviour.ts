import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { WorkerMessage } from "../../protocol/messages.js";
import { WORKER_HELLO } from "../../src/conformance/engine/greetings.js";
import { PACKAGE_ROOT } from "../../src/package-root.js";
import { encodeMessage } from "../../src/wire/codec.js";
import { CLI } from "../support/worker.js";
import { type ReferenceClient, run } from "./reference-client.js";
import { Testee } from "./testee.js";

/** The worker with a nearest-neighbour engine, and with faults on demand. */
export const TEST_WORKER = [
  process.execPath,
  join(PACKAGE_ROOT, "dist", "src", "testing", "test-worker.cjs"),
];

/** A page that takes a few tiles, by its own colour so that answers cannot be mixed up unnoticed. */
function page(side: number, red = 0): Promise<Buffer> {
  const background = { r: red, g: 120, b: 60 };
  return sharp({ create: { width: side, height: side, channels: 3, background } })
    .png()
    .toBuffer();
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** What every reference client must do, shown with its real processes on both sides. */
export function describeClient(name: string, prepare: () => ReferenceClient): void {
  describe(name, () => {
    let client: ReferenceClient;
    let folder: string;
    const started: Testee[] = [];

    beforeAll(async () => {
      client = prepare();
      folder = await mkdtemp(join(tmpdir(), "reference-client-"));
    }, 300_000);
    afterAll(() => rm(folder, { recursive: true }));
    afterEach(async () => {
      const testees = started.splice(0);
      for (const testee of testees) testee.process.kill("SIGKILL");
      await Promise.all(testees.map((testee) => testee.ended));
    });

    function start(...options: readonly string[]): Testee {
      const testee = new Testee(client.testee, [...TEST_WORKER, ...options]);
      started.push(testee);
      return testee;
    }

    /** A testee whose worker's process id is known. */
    async function startWithPid(
      ...options: readonly string[]
    ): Promise<{ testee: Testee; workerPid: number }> {
      const pidFile = join(folder, "pid");
      const script = `echo $$ > '${pidFile}'; exec "$@"`;
      const testee = new Testee(client.testee, ["sh", "-c", script, "sh", ...TEST_WORKER, ...options]);
      started.push(testee);
      const first = await testee.event(({ event }) => event === "ready" || event === "lost");
      expect(first).toEqual({ event: "ready" });
      return { testee, workerPid: Number(await readFile(pidFile, "utf8")) };
    }

    it("passes the tests in its own language", () => {
      for (const tests of client.ownTests) {
        expect(run(tests)).toMatch(/Ran [1-9]\d* tests|test result: ok\. [1-9]\d* passed/);
      }
    });

    it("upscales a page from its command line", async () => {
      const output = join(folder, "out.webp");
      const command = client.upscale(await writePage(folder), output, TEST_WORKER);
      run({ command, cwd: PACKAGE_ROOT, env: process.env });
      expect(await sharp(output).metadata()).toMatchObject({ width: 96, height: 96, format: "webp" });
    });

    it("gets 1000 pipelined requests answered, each with its own image", async () => {
      // PNG, since the bytes of a WebP depend on the effort that the worker chooses by how busy it is.
      const testee = start("--limit", "maxInFlight=64");
      const pages = await Promise.all([0, 80, 160, 240].map((red) => page(8, red)));
      for (let i = 0; i < 1000; i++) testee.upscale(`${i}`, pages[i % 4] as Buffer, { format: "png" });
      expect(await testee.close()).toEqual({ event: "closed", exit_code: 0 });
      expect(testee.events.filter(({ event }) => event === "error")).toEqual([]);
      expect(
        testee
          .answeredKeys()
          .map(Number)
          .sort((a, b) => a - b),
      ).toEqual([...Array(1000).keys()]);
      const digests = (remainder: number) =>
        new Set(
          testee.events
            .filter(({ event, key }) => event === "result" && Number(key) % 4 === remainder)
            .map(({ sha256 }) => sha256),
        );
      expect([0, 1, 2, 3].map((remainder) => digests(remainder).size)).toEqual([1, 1, 1, 1]);
      expect(new Set([0, 1, 2, 3].flatMap((remainder) => [...digests(remainder)])).size).toBe(4);
    });

    it("waits instead of asking for more than the worker takes, by count and by bytes", async () => {
      const image = await page(16);
      // Bytes after the image's end do not matter to a decoder; here they are more than any pipe holds.
      const large = Buffer.concat([image, Buffer.alloc(3 * 2 ** 20)]);
      const trials = [
        { limit: "maxInFlight=2", data: image },
        { limit: `maxInFlightBytes=${large.length * 2 + 1}`, data: large },
      ];
      for (const { limit, data } of trials) {
        const testee = start("--limit", limit, "--fault", "slow=5");
        for (let i = 0; i < 12; i++) testee.upscale(`${i}`, data);
        await testee.close();
        expect(testee.events.filter(({ event }) => event === "result")).toHaveLength(12);
      }
    });

    it("tells the worker's error for one page and the image of the next", async () => {
      const testee = start()
        .upscale("text", Buffer.from("this is no image"))
        .upscale("page", await page(16));
      expect(await testee.answer("text")).toMatchObject({ code: "unsupported_format", retryable: false });
      expect(await testee.answer("page")).toMatchObject({
        event: "result",
        width: 32,
        height: 32,
        format: "webp",
      });
      await testee.close();
    });

    it("cancels a page that waits and one that runs, and tells progress", async () => {
      const testee = start("--fault", "slow=50", "--tile-size", "8", "--limit", "maxInFlight=2");
      const long = await page(128);
      testee.upscale("runs", long, { progress: true });
      for (const key of ["waits", "is not sent"]) testee.upscale(key, long);
      testee.upscale("done", await page(8));
      const progress = await testee.event(({ event }) => event === "progress");
      expect(progress).toEqual({ event: "progress", key: "runs", done: expect.any(Number), total: 256 });
      const cancelled = ["is not sent", "waits", "runs"];
      for (const key of cancelled) {
        testee.send({ op: "cancel", key });
        expect(await testee.answer(key)).toMatchObject({ code: "cancelled", retryable: false });
      }
      expect(await testee.answer("done")).toMatchObject({ event: "result" });
      expect(await testee.close()).toEqual({ event: "closed", exit_code: 0 });
      expect(testee.answeredKeys()).toEqual([...cancelled, "done"]);
    });

    it("moves a page to the front", async () => {
      const testee = start("--fault", "slow=40");
      for (const key of ["a", "b", "c", "d", "e", "f", "g", "h"])
        testee.upscale(key, await page(16), { priority: 0 });
      testee.send({ op: "update", key: "h", priority: 2 });
      await testee.close();
      const order = testee.answeredKeys();
      expect(order).toHaveLength(8);
      expect(order.indexOf("h")).toBeLessThan(order.indexOf("g") - 1);
    });

    it("passes a deadline on", async () => {
      const testee = start("--fault", "stall").upscale("late", await page(16), { timeout_ms: 50 });
      expect(await testee.answer("late")).toMatchObject({ code: "deadline_exceeded" });
      await testee.close();
    });

    it("answers every request once when the worker is killed in the middle", async () => {
      const { testee, workerPid } = await startWithPid("--fault", "slow=30", "--limit", "maxInFlight=8");
      const image = await page(16);
      for (let i = 0; i < 20; i++) testee.upscale(`${i}`, image);
      await testee.answer("1");
      process.kill(workerPid, "SIGKILL");
      await testee.event(({ event }) => event === "lost");
      testee.upscale("after", image);
      expect(await testee.answer("after")).toMatchObject({ code: "connection_lost", retryable: true });
      await testee.close();
      expect(testee.answeredKeys()).toHaveLength(21);
      expect(new Set(testee.answeredKeys()).size).toBe(21);
      const codes = testee.events.filter(({ event }) => event === "error").map(({ code }) => code);
      expect(new Set(codes)).toEqual(new Set(["connection_lost"]));
    });

    it("ignores fields and messages of a later version", async () => {
      const testee = start("--fault", "inject-unknown");
      testee.upscale("page", await page(64), { progress: true }).upscale("text", Buffer.from("no image"));
      expect(await testee.answer("page")).toMatchObject({ event: "result", width: 128 });
      expect(await testee.answer("text")).toMatchObject({ code: "unsupported_format" });
      expect(await testee.close()).toEqual({ event: "closed", exit_code: 0 });
    });

    it("ends the connection, and the worker, on bytes that are no frame", async () => {
      const { testee, workerPid } = await startWithPid("--fault", "garbage-on=2");
      const image = await page(16);
      testee.upscale("a", image);
      await testee.answer("a");
      testee.upscale("b", image);
      expect(await testee.answer("b")).toMatchObject({ code: "connection_lost" });
      const { reason } = await testee.event(({ event }) => event === "lost");
      expect(reason).toMatch(/broke the protocol: expected a length of 1 to 134217728/);
      expect(isAlive(workerPid)).toBe(false);
      await testee.close();
    });

    it("tells the worker's fatal error, and a worker that ends before hello", async () => {
      const noDevice = start("--fault", "no-device").upscale("a", await page(16));
      expect(await noDevice.answer("a")).toMatchObject({
        code: expect.stringMatching(/shutting_down|connection_lost/),
      });
      const { reason } = await noDevice.event(({ event }) => event === "lost");
      expect(reason).toMatch(/gpu_init_failed/);
      expect(await noDevice.close()).toEqual({ event: "closed", exit_code: 69 });
      const silent = start("--fault", "exit-at-start").upscale("a", await page(16));
      expect(await silent.answer("a")).toMatchObject({ code: "connection_lost" });
      await silent.close();
    });

    it("knows how a worker ended whose hello and fatal error came in one piece", async () => {
      const words = [
        { ...WORKER_HELLO, pid: 1 },
        { t: "fatal", code: "gpu_init_failed", message: "gone" },
      ];
      const bytes = Buffer.concat(words.flatMap((message) => encodeMessage(message as WorkerMessage)));
      const say = `process.stdout.write(Buffer.from("${bytes.toString("base64")}", "base64"), () => process.exit(69))`;
      const testee = new Testee(client.testee, [process.execPath, "-e", say]);
      started.push(testee);
      const { reason } = await testee.event(({ event }) => event === "lost");
      expect(reason).toMatch(/gpu_init_failed/);
      expect(await testee.close()).toEqual({ event: "closed", exit_code: 69 });
    });

    it("leaves no worker behind when it is killed itself", async () => {
      const { testee, workerPid } = await startWithPid("--fault", "stall");
      testee.upscale("a", await page(16));
      testee.process.kill("SIGKILL");
      await testee.ended;
      await expect.poll(() => isAlive(workerPid), { timeout: 15_000 }).toBe(false);
    });

    it("passes the client side of the conformance kit", async () => {
      const kit = spawn(process.execPath, [CLI, "conformance", "--client", ...client.testee]);
      let output = "";
      for (const stream of [kit.stdout, kit.stderr])
        stream.setEncoding("utf8").on("data", (text: string) => {
          output += text;
        });
      const code = await new Promise((resolve) => kit.once("close", resolve));
      expect(code, output).toBe(0);
    }, 180_000);
  });
}

async function writePage(folder: string): Promise<string> {
  const file = join(folder, "page.png");
  await sharp(await page(48)).toFile(file);
  return file;
}
