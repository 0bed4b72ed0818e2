#!/usr/bin/env node
// CommonJS on purpose: ES modules are read through libuv's thread pool, which must be settled before its first use.
import settleThreads = require("./start/settle-threads.cjs");
import startDriver = require("./start/start-driver.cjs");

settleThreads();
startDriver(process.argv.slice(2));

import("./cli.js").catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  // Not process.exit: standard error may be a pipe that still has to be read.
  process.exitCode = 70;
});
