import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { PACKAGE_ROOT } from "../../package-root.js";
import type { RawMessage } from "../../wire/codec.js";
import type { ClientCase, ScriptedWorkerStep } from "../cases/case-schema.js";
import { newScope } from "../cases/template.js";
import { StepFailed } from "../engine/expectations.js";
import { Inbox } from "../engine/inbox.js";
import { matches, show } from "../engine/pattern.js";
import { Skipped } from "../run-cases.js";
import { WorkerPlayer } from "./play-worker.js";
import { ScriptedWorker } from "./scripted-worker.js";
import { Testee } from "./testee.js";

const BRIDGE = join(PACKAGE_ROOT, "dist", "src", "conformance", "client", "bridge.cjs");

/** What a worker does that is started after the scripts are used up. */
const WELL_BEHAVED: readonly ScriptedWorkerStep[] = [{ do: "greet" }];

/** How long a client that has ended may leave a worker with an open input. */
const ORPHAN_MS = 3000;

/** The workers that the client starts, each played by its script. */
class Stage {
  readonly workers: ScriptedWorker[] = [];
  readonly problems: string[] = [];
  readonly #performances: Promise<void>[] = [];
  /** What any worker has received. */
  readonly #received = new Inbox<RawMessage>();
  readonly #scripts: ClientCase["workers"];
  readonly #timeoutMs: number;

  constructor(scripts: ClientCase["workers"], timeoutMs: number) {
    this.#scripts = scripts;
    this.#timeoutMs = timeoutMs;
  }

  admit(socket: Socket): void {
    const worker = new ScriptedWorker(socket, (message) => this.#received.add(message));
    const number = this.workers.push(worker);
    const player = new WorkerPlayer(worker, newScope(), this.#timeoutMs);
    const script = this.#scripts[number - 1] ?? WELL_BEHAVED;
    const performance = player.play(script).catch((thrown: unknown) => {
      // The client must not be left waiting for what the script would have said.
      worker.dispose();
      if (!(thrown instanceof StepFailed)) throw thrown;
      this.problems.push(`worker ${number}: ${thrown.message}`);
    });
    // What is no StepFailed is thrown on by finish.
    performance.catch(() => undefined);
    this.#performances.push(performance);
  }

  /** @throws {StepFailed} when no worker receives such a message */
  async awaitMessage(pattern: unknown): Promise<void> {
    const position = await this.#received.find((one) => matches(pattern, one, newScope()), this.#timeoutMs);
    if (position === null) {
      throw new StepFailed(
        `expected a worker to receive ${show(pattern)} within ${this.#timeoutMs} ms, received no such`,
      );
    }
  }

  /** To be called when the client has ended: every worker must have learnt of it by then. */
  async finish(): Promise<void> {
    if (this.workers.length < this.#scripts.length) {
      this.problems.push(
        `expected the client to start ${this.#scripts.length} workers, received ${this.workers.length}`,
      );
    }
    const ends = Promise.all(this.workers.map((worker) => worker.inputEnded)).then(() => true);
    const inTime = await Promise.race([ends, delay(ORPHAN_MS, false, { ref: false })]);
    if (!inTime) this.problems.push("expected the client to end the input of its workers, received no end");
    for (const worker of this.workers) worker.dispose();
    await Promise.all(this.#performances);
    this.problems.push(...this.workers.flatMap((worker) => worker.ledger.problems));
  }
}

async function listen(stage: Stage, path: string): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, (socket) => stage.admit(socket));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, resolve);
  });
  return server;
}

/**
 * Runs one case against a new process of `command`, which drives the client under test.
 *
 * @param timeoutMs how long one step may take that does not say so itself
 * @returns what was wrong, in words; empty when the client conforms
 * @throws {KitError} wrong_case_file
 */
export async function runClientCase(
  one: ClientCase,
  command: readonly string[],
  timeoutMs: number,
): Promise<string[] | Skipped> {
  const folder = await mkdtemp(join(tmpdir(), "conformance-"));
  const socketPath = join(folder, "worker");
  const stage = new Stage(one.workers, timeoutMs);
  const server = await listen(stage, socketPath);
  const environment = { CONFORMANCE_WORKER: JSON.stringify([process.execPath, BRIDGE, socketPath]) };
  const awaitWorker = (pattern: unknown) => stage.awaitMessage(pattern);
  const testee = new Testee(command, environment, { scope: newScope(), timeoutMs, awaitWorker });
  const problems: string[] = [];
  try {
    const capabilities = await testee.capabilities();
    const missing = one.needs?.find((need) => !capabilities.has(need));
    if (missing !== undefined) return new Skipped(`the client does not announce ${missing}`);
    await testee.play(one.testee, capabilities);
    await testee.end();
  } catch (thrown) {
    if (!(thrown instanceof StepFailed)) throw thrown;
    problems.push(thrown.message);
  } finally {
    await testee.dispose();
    server.close();
    await stage.finish();
    await rm(folder, { recursive: true, force: true });
  }
  problems.push(...stage.problems, ...testee.ledger.problems);
  if (problems.length > 0 && testee.stderr !== "")
    problems.push(`standard error ends with: ${testee.stderr}`);
  return problems;
}
