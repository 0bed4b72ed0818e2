import os = require("node:os");
import builtAddon = require("./built-addon.cjs");

/**
 * Threads for the codecs: one for each core to encode on, a quarter as many to decode beside them, one for files.
 */
function threadPoolSize(cores: number): number {
  return cores + Math.ceil(cores / 4) + 1;
}

/** More let each codec's thread keep what its largest page took; fewer make the threads wait for each other. */
function allocatorArenas(cores: number): number {
  return Math.max(2, Math.ceil(cores / 4));
}

/**
 * Settles what is fixed by the first thread or addon: the size of libuv's pool, how the allocator treats threads, how
 * OpenMP's threads wait. What the environment says wins.
 */
function settleThreads(): void {
  // libgomp reads this when the engine's addon is loaded, see loadNcnnAddon.
  process.env.OMP_WAIT_POLICY ??= "passive";
  process.env.UV_THREADPOOL_SIZE ??= String(threadPoolSize(os.availableParallelism()));
  if (process.env.MALLOC_ARENA_MAX !== undefined) return;
  const allocator = builtAddon("allocator") as { limitArenas(count: number): boolean } | null;
  // Refused where the C library is another one, whose threads may share memory already.
  allocator?.limitArenas(allocatorArenas(os.availableParallelism()));
}

export = settleThreads;
