#!/usr/bin/env node
// CommonJS on purpose: ES modules are read through libuv's thread pool, whose size is fixed by its first use.
import os = require("node:os");

/**
 * Threads for the codecs: one for each core to encode on, a quarter as many to decode beside them, one for files. What
 * the environment says wins.
 */
function threadPoolSize(cores: number): number {
  return cores + Math.ceil(cores / 4) + 1;
}

process.env.UV_THREADPOOL_SIZE ??= String(threadPoolSize(os.availableParallelism()));

import("./cli.js").catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  // Not process.exit: standard error may be a pipe that still has to be read.
  process.exitCode = 70;
});
