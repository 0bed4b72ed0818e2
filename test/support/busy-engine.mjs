// A process that ends in one of several ways while the native engine works on one image in many small tiles.
// usage: node --expose-gc busy-engine.mjs ADDON OPTIONS_JSON ENDING
import { createRequire } from "node:module";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";

/** The code that every ending asks for, so that a crash cannot be taken for it. */
const EXPECTED_CODE = 7;
const [width, height] = [300, 200];

/** @param {{ addonPath: string, options: object }} parts */
async function startBusyEngine({ addonPath, options }) {
  const addon = createRequire(import.meta.url)(addonPath);
  let onTile = () => {};
  /** @type {Promise<void>} */
  const firstTile = new Promise((resolve) => {
    onTile = resolve;
  });
  const upscaler = await addon.load(options, (/** @type {{ type: string }} */ event) => {
    if (event.type === "tile") onTile();
  });
  const submit = () => {
    const input = new Uint8Array(width * height * 3);
    upscaler.submit({
      id: 1,
      tile: 32,
      priority: 0,
      width,
      height,
      input,
      output: new Uint8Array(input.length * 4),
    });
    return firstTile;
  };
  return submit;
}

/** @typedef {{ addonPath: string, options: object }} Parts */
/** @type {Record<string, (parts: Parts) => Promise<void>>} */
const endings = {
  async "process.exit"(parts) {
    const submit = await startBusyEngine(parts);
    await submit();
    process.exit(EXPECTED_CODE);
  },
  async "uncaught exception"(parts) {
    process.on("uncaughtException", () => process.exit(EXPECTED_CODE));
    const submit = await startBusyEngine(parts);
    await submit();
    setImmediate(() => {
      throw new Error("on purpose");
    });
  },
  async "idle engine left open"(parts) {
    await startBusyEngine(parts);
    globalThis.gc?.();
    process.exitCode = EXPECTED_CODE;
  },
  async "work of a forgotten engine"(parts) {
    await startBusyEngine(parts).then((submit) => submit());
    globalThis.gc?.();
    process.exitCode = EXPECTED_CODE;
  },
  async "worker thread terminated"(parts) {
    const thread = new Worker(new URL(import.meta.url), { workerData: parts });
    await new Promise((resolve, reject) => thread.once("message", resolve).once("error", reject));
    await thread.terminate();
    const submit = await startBusyEngine(parts);
    await submit();
    process.exit(EXPECTED_CODE);
  },
};

if (isMainThread) {
  const [addonPath = "", options = "{}", ending = ""] = process.argv.slice(2);
  await endings[ending]?.({ addonPath, options: JSON.parse(options) });
} else {
  const submit = await startBusyEngine(workerData);
  await submit();
  parentPort?.postMessage("busy");
}
