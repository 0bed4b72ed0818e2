import { execFile } from "node:child_process";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { PACKAGE_ROOT } from "../../src/package-root.js";

const MODULE = join(PACKAGE_ROOT, "dist", "src", "start", "settle-threads.cjs");

/** Encodes pictures on every thread of the pool, then counts the 64 MiB that glibc reserves for each arena but the first. */
const PROGRAM = `
require(process.argv[1])();
const sharp = require("sharp");
const { readFileSync } = require("node:fs");
const picture = (width) => sharp({ create: { width, height: 300, channels: 3, background: "red" } }).png().toBuffer();
Promise.all(Array.from({ length: 64 }, (_, i) => picture(300 + i))).then(() => {
  const ranges = readFileSync("/proc/self/maps", "utf8").match(/^[0-9a-f]+-[0-9a-f]+ ..../gm).map((line) => {
    const [, start, end, rights] = /^(.+)-(.+) (.+)$/.exec(line);
    return { start: BigInt("0x" + start), end: BigInt("0x" + end), rights };
  });
  const reservation = 64n << 20n;
  const arenas = ranges.filter(({ start, end, rights }, i) => {
    const next = ranges[i + 1];
    return start % reservation === 0n && rights === "rw-p" && next?.start === end && next.rights === "---p" &&
      next.end - start === reservation;
  });
  console.log(JSON.stringify({ threads: process.env.UV_THREADPOOL_SIZE, arenas: arenas.length }));
});
`;

async function run(env: Readonly<Record<string, string>>): Promise<{ threads: string; arenas: number }> {
  const { UV_THREADPOOL_SIZE: _size, MALLOC_ARENA_MAX: _arenas, ...inherited } = process.env;
  const options = { cwd: PACKAGE_ROOT, env: { ...inherited, ...env } };
  const { stdout } = await promisify(execFile)(process.execPath, ["-e", PROGRAM, MODULE], options);
  return JSON.parse(stdout);
}

const report = process.report.getReport() as unknown as { header: { glibcVersionRuntime?: string } };

describe("settleThreads", () => {
  it("gives the pool threads for encoders and decoders, unless the environment says how many", async () => {
    expect(Number((await run({})).threads)).toBeGreaterThan(2);
    expect((await run({ UV_THREADPOOL_SIZE: "3" })).threads).toBe("3");
  });

  it.skipIf(report.header.glibcVersionRuntime === undefined)(
    "lets many threads share few arenas, unless the environment says how many",
    async () => {
      const threads = String(4 * availableParallelism());
      const bounded = await run({ UV_THREADPOOL_SIZE: threads });
      expect(bounded.arenas).toBeLessThan(Math.max(2, Math.ceil(availableParallelism() / 4)));
      const free = await run({ UV_THREADPOOL_SIZE: threads, MALLOC_ARENA_MAX: "64" });
      expect(free.arenas).toBeGreaterThan(bounded.arenas);
    },
  );
});
