import { spawn } from "node:child_process";
import { join } from "node:path";

// Built code is imported by URL: what is not built yet cannot be type-checked.
const DIST = new URL("../../../dist/src/", import.meta.url);
const { decodeMessage } = await import(new URL("wire/codec.js", DIST).href);
const { FrameReader } = await import(new URL("wire/frame-reader.js", DIST).href);
const WORKER = join(import.meta.dirname, "..", "..", "..", "dist", "src", "testing", "test-worker.cjs");

/** @param {Uint8Array} body */
function frameOf(body) {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, body]);
}

/**
 * Puts a sound worker behind this process's own pipes and lets `count` say how many times each of its messages is
 * passed on.
 *
 * @param {(message: Record<string, unknown>) => number} count
 * @param {(exitCode: number) => void} end what happens when the worker has ended
 */
export function relay(count, end = process.exit) {
  const worker = spawn(process.execPath, [WORKER], { stdio: ["pipe", "pipe", "inherit"] });
  process.stdin.pipe(worker.stdin);
  worker.stdin.on("error", () => undefined);
  const reader = new FrameReader((/** @type {Uint8Array} */ body) => {
    for (let left = count(decodeMessage(body)); left > 0; left--) process.stdout.write(frameOf(body));
  });
  worker.stdout.on("data", (chunk) => reader.push(chunk));
  worker.on("close", (code) => end(code ?? 1));
}
