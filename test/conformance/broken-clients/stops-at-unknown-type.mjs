// A client that waits for ever once the worker sends a message of a type that it does not know.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { createInterface } from "node:readline";

// Built code is imported by URL: what is not built yet cannot be type-checked.
const DIST = new URL("../../../dist/src/", import.meta.url);
const { encodeMessage } = await import(new URL("wire/codec.js", DIST).href);
const { MessageReader } = await import(new URL("wire/message-reader.js", DIST).href);

const [program, ...args] = JSON.parse(process.env.CONFORMANCE_WORKER ?? "[]");
const worker = spawn(program, args, { stdio: ["pipe", "pipe", "ignore"] });
const keys = new Map();
let isStuck = false;

/**
 * @param {string} event
 * @param {Record<string, unknown>} fields
 */
function say(event, fields = {}) {
  process.stdout.write(`${JSON.stringify({ event, ...fields })}\n`);
}

/** @param {Record<string, unknown>} message */
function send(message) {
  for (const piece of encodeMessage(message)) worker.stdin.write(piece);
}

/** @type {Record<string, (message: Record<string, any>) => void>} */
const HANDLERS = {
  hello: () => undefined,
  ready: () => say("ready"),
  result: ({ id, width, height, format, warnings, data }) => {
    const sha256 = createHash("sha256").update(data).digest("hex");
    say("result", { key: keys.get(id), width, height, format, sha256, warnings });
  },
  error: ({ id, code, retryable }) => say("error", { key: keys.get(id), code, retryable }),
  bye: () => undefined,
};

const reader = new MessageReader((/** @type {Record<string, any>} */ message) => {
  const handle = HANDLERS[message.t];
  if (handle === undefined) isStuck = true;
  else if (!isStuck) handle(message);
});
worker.stdout.on("data", (chunk) => reader.push(chunk));
worker.on("close", (code) => {
  say("closed", { exit_code: code });
  process.exit(0);
});

say("hello", { capabilities: [] });
send({ t: "hello", proto: 1, client: { name: "broken", version: "0" }, parent_pid: process.pid });
for await (const line of createInterface({ input: process.stdin })) {
  const { op, key, data } = JSON.parse(line);
  if (op === "close") break;
  const id = keys.size + 1;
  keys.set(id, key);
  send({ t: "upscale", id, data: Buffer.from(data, "base64") });
}
send({ t: "shutdown", mode: "drain" });
