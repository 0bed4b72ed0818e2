// A process that ends in one of several ways while the addon for WebP writes large images on every thread of the pool.
// usage: node --expose-gc busy-webp.mjs ADDON ENDING
import { createRequire } from "node:module";
import { setTimeout } from "node:timers/promises";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";

/** The code that every ending asks for, so that a crash cannot be taken for it. */
const EXPECTED_CODE = 7;
const SIDE = 700;
/** More than the pool has threads, so that some wait. */
const IMAGES = 6;
/** Microseconds of work that libwebp does on these images only. */
const AT_WORK = 50_000;

/** @param {string} addonPath */
async function startEncoding(addonPath) {
  const addon = createRequire(import.meta.url)(addonPath);
  const started = process.cpuUsage().user;
  const encodings = Array.from({ length: IMAGES }, () => {
    const pixels = new Uint8Array(SIDE * SIDE * 3).map((_, at) => (at * at * 31) >> 3);
    const shape = { width: SIDE, height: SIDE, channels: 3, stride: SIDE * 3 };
    return addon.encode({ pixels, ...shape, quality: 100, effort: 6, lossless: false, threads: 2 });
  });
  globalThis.gc?.();
  while (process.cpuUsage().user - started < AT_WORK) await setTimeout(5);
  return encodings;
}

/** @type {Record<string, (addonPath: string) => Promise<void>>} */
const endings = {
  async "process.exit"(addonPath) {
    await startEncoding(addonPath);
    process.exit(EXPECTED_CODE);
  },
  async "process.exit after giving up"(addonPath) {
    for (const { abandon, promise } of await startEncoding(addonPath)) {
      promise.catch(() => undefined);
      abandon();
    }
    process.exit(EXPECTED_CODE);
  },
  async "uncaught exception"(addonPath) {
    process.on("uncaughtException", () => process.exit(EXPECTED_CODE));
    await startEncoding(addonPath);
    setImmediate(() => {
      throw new Error("on purpose");
    });
  },
  async "forgotten work"(addonPath) {
    await startEncoding(addonPath);
    globalThis.gc?.();
    process.exitCode = EXPECTED_CODE;
  },
  async "worker thread terminated"(addonPath) {
    const thread = new Worker(new URL(import.meta.url), { workerData: addonPath });
    await new Promise((resolve, reject) => thread.once("message", resolve).once("error", reject));
    await thread.terminate();
    const files = await Promise.all((await startEncoding(addonPath)).map(({ promise }) => promise));
    if (files.every(({ length }) => length > 0)) process.exit(EXPECTED_CODE);
  },
};

if (isMainThread) {
  const [addonPath = "", ending = ""] = process.argv.slice(2);
  await endings[ending]?.(addonPath);
} else {
  await startEncoding(workerData);
  parentPort?.postMessage("busy");
}
