// CommonJS like the program's own entry, so that both are started the same way.
import settleThreads = require("../start/settle-threads.cjs");

settleThreads();

import("./run-test-worker.js").catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 70;
});
