import { EXIT, FATAL_ERROR_CODES, type FatalErrorCode } from "../../../protocol/error-codes.js";
import { readByteParts } from "../cases/byte-parts.js";
import { newScope } from "../cases/template.js";
import { Expectations, StepFailed } from "../engine/expectations.js";
import { CLIENT_HELLO } from "../engine/greetings.js";
import { frameOf, packMessage } from "../engine/message-bytes.js";
import { residentMb } from "../engine/process-memory.js";
import { WorkerProcess } from "../worker/worker-process.js";
import { endWithin } from "../worker/worker-steps.js";
import { type MutatedSession, mutateSession } from "./mutated-session.js";
import { Random } from "./random.js";

/** Frames for one process: enough that starting it costs little. */
const FRAMES_PER_PROCESS = 500;
const MOST_GROWTH_MB = 512;
const LAST_NONCE = 0xdead_beef;
const CHUNK_BYTES = 4096;

export interface FuzzOptions {
  readonly frames: number;
  readonly seed: number;
  /** Worker processes at once. */
  readonly jobs: number;
  readonly timeoutMs: number;
}

export interface FuzzOutcome {
  readonly frames: number;
  readonly processes: number;
  /** Processes that the last frame has ended with `fatal`. */
  readonly fatalEnds: number;
  /** What was wrong, with the seed that shows it again. */
  readonly problems: readonly string[];
}

/**
 * Sends mutated frames to workers. Each process first has to serve an untouched page, then survives what the protocol
 * says it has to, answers each request once, and is ended by a last mutant.
 */
export async function fuzzWorker(command: readonly string[], options: FuzzOptions): Promise<FuzzOutcome> {
  const sessions = Math.ceil(options.frames / FRAMES_PER_PROCESS);
  const problems: string[] = [];
  let fatalEnds = 0;
  let next = 0;
  const work = async () => {
    for (let index = next++; index < sessions && problems.length === 0; index = next++) {
      const seed = (options.seed + index) >>> 0;
      const count = Math.min(FRAMES_PER_PROCESS, options.frames - index * FRAMES_PER_PROCESS);
      const random = new Random(seed);
      const session = mutateSession(random, count - 1);
      if (session.end === "fatal") fatalEnds++;
      const found = await playSession(command, session, random, options.timeoutMs);
      problems.push(...found.map((problem) => `--seed ${seed} --fuzz ${count}: ${problem}`));
    }
  };
  await Promise.all(Array.from({ length: Math.min(options.jobs, sessions) }, work));
  return { frames: options.frames, processes: sessions, fatalEnds, problems };
}

async function playSession(
  command: readonly string[],
  session: MutatedSession,
  random: Random,
  timeoutMs: number,
): Promise<string[]> {
  const worker = new WorkerProcess(command, timeoutMs);
  const problems: string[] = [];
  try {
    await play(worker, session, random, timeoutMs);
  } catch (thrown) {
    if (!(thrown instanceof StepFailed)) throw thrown;
    problems.push(thrown.message);
  } finally {
    await worker.dispose();
  }
  problems.push(...worker.ledger.problems);
  if (problems.length > 0 && worker.stderr !== "")
    problems.push(`standard error ends with: ${worker.stderr}`);
  return problems;
}

async function play(
  worker: WorkerProcess,
  session: MutatedSession,
  random: Random,
  timeoutMs: number,
): Promise<void> {
  const expectations = new Expectations(worker.inbox, newScope(), () => worker.describeEnd());
  const page = { t: "upscale", id: 1, data: readByteParts([{ image: "page.png" }]) };
  await worker.write(frameOf(packMessage(CLIENT_HELLO)));
  await worker.write(frameOf(packMessage(page)));
  await expectations.take({ t: "result", id: 1 }, timeoutMs);
  const before = residentMb(worker.pid);
  await writeInPieces(worker, Buffer.concat(session.frames), random);
  await worker.write(frameOf(packMessage({ t: "ping", nonce: LAST_NONCE })));
  await expectations.take({ t: "pong", nonce: LAST_NONCE }, timeoutMs);
  checkMemory(before, residentMb(worker.pid));
  const asked = worker.ledger.asked;
  await worker.write(session.tail);
  worker.closeInput();
  const end = await endWithin(worker, timeoutMs);
  worker.ledger.ended(end, false);
  checkEnd(worker, session.end, end.exitCode);
  // Requests of the tail may stand behind what was fatal.
  const unanswered = worker.ledger.unanswered.filter((id) => asked.has(id));
  if (unanswered.length > 0) {
    throw new StepFailed(`expected an answer to every request, received none to ${unanswered.join(", ")}`);
  }
}

async function writeInPieces(worker: WorkerProcess, bytes: Buffer, random: Random): Promise<void> {
  for (let offset = 0; offset < bytes.length; ) {
    const size = 1 + random.below(CHUNK_BYTES);
    await worker.write(bytes.subarray(offset, offset + size));
    offset += size;
  }
}

function checkMemory(before: number | null, after: number | null): void {
  if (before === null || after === null || after - before <= MOST_GROWTH_MB) return;
  throw new StepFailed(
    `expected at most ${MOST_GROWTH_MB} MiB more memory, received ${Math.round(after - before)}`,
  );
}

function checkEnd({ ledger }: WorkerProcess, expected: MutatedSession["end"], exitCode: number | null): void {
  const { last } = ledger;
  if (last?.t !== expected) {
    throw new StepFailed(`expected ${expected} as the last message, received ${String(last?.t)}`);
  }
  const code = String(last.code);
  const isOwnFault =
    Object.hasOwn(FATAL_ERROR_CODES, code) && exitOf(code as FatalErrorCode) !== EXIT.protocol;
  if (expected === "fatal" && (isOwnFault || exitCode !== EXIT.protocol)) {
    throw new StepFailed(
      `expected a broken protocol as the reason, received ${code} and exit code ${exitCode}`,
    );
  }
}

function exitOf(code: FatalErrorCode): number {
  return FATAL_ERROR_CODES[code].exitCode;
}
