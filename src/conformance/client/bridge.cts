// Stands for a worker under the client: carries its pipes to the kit, which plays the worker. CommonJS, with nothing
// but built-in modules, so that it starts at once.
import fs = require("node:fs");
import net = require("node:net");

/** Commands of the kit: one byte, a big-endian length of four bytes, the payload. */
const COMMAND = { write: 0, exit: 1, crash: 2, log: 3, closeOutput: 4 } as const;
const HEAD_BYTES = 5;

const kit = net.connect({ path: process.argv[2] ?? "", allowHalfOpen: true });
// Not process.stdout: that blocks on a pipe, and the input must be read all the time.
const output = new net.Socket({ fd: 1, readable: false, writable: true });
let chunks: Buffer[] = [];
let receivedBytes = 0;
/** Bytes without which no command can be whole. */
let neededBytes = HEAD_BYTES;
let working = Promise.resolve();

function write(bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => output.write(bytes, () => resolve()));
}

async function run(command: number, payload: Buffer): Promise<void> {
  if (command === COMMAND.write) await write(payload);
  else if (command === COMMAND.exit) process.exit(payload.readUInt8());
  else if (command === COMMAND.crash) process.kill(process.pid, "SIGKILL");
  else if (command === COMMAND.log) await log(payload.readUInt32BE());
  else if (command === COMMAND.closeOutput) closeOutput();
}

function closeOutput(): void {
  output.destroy();
  // Node.js itself never closes the three standard descriptors.
  fs.closeSync(1);
}

function log(bytes: number): Promise<void> {
  const line = `${"log ".repeat(20)}\n`;
  const text = line.repeat(Math.ceil(bytes / line.length)).slice(0, bytes);
  return new Promise((resolve) => process.stderr.write(text, () => resolve()));
}

/** Joins what has come only when a whole command is there: results are large, and come in many chunks. */
function takeCommands(): void {
  while (receivedBytes >= neededBytes) {
    const joined = Buffer.concat(chunks);
    const end = HEAD_BYTES + (joined.length < HEAD_BYTES ? 0 : joined.readUInt32BE(1));
    if (joined.length < end) {
      chunks = [joined];
      neededBytes = end;
      return;
    }
    const payload = joined.subarray(HEAD_BYTES, end);
    const command = joined.readUInt8();
    chunks = [joined.subarray(end)];
    receivedBytes -= end;
    neededBytes = HEAD_BYTES;
    working = working.then(() => run(command, payload));
  }
}

// A client that is gone shows as the end of the input; the kit decides what follows.
output.on("error", () => undefined);
process.stderr.on("error", () => undefined);
kit.on("connect", () => {
  const pid = Buffer.alloc(4);
  pid.writeUInt32BE(process.pid);
  kit.write(pid);
  process.stdin.pipe(kit);
});
kit.on("data", (chunk: Buffer) => {
  chunks.push(chunk);
  receivedBytes += chunk.length;
  takeCommands();
});
kit.on("end", () => void working.then(() => process.exit(0)));
kit.on("error", () => process.exit(1));
