import { fileURLToPath } from "node:url";
import { spawnWorkerProcess } from "../client/worker-process.js";
import { labelLine } from "../commands/child-log.js";
import type { LogChoice } from "../commands/program-log.js";
import type { ChildSpec } from "../fleet/fleet-child.js";

const TEST_WORKER = fileURLToPath(new URL("test-worker.cjs", import.meta.url));

/** Pages that a test worker's stages hold at a time. */
const PLACES = 6;

/**
 * @param args the command line of each
 * @returns test workers, for the real supervisor to put together
 */
export function testFleet(count: number, args: readonly string[], { log }: LogChoice): readonly ChildSpec[] {
  return Array.from({ length: count }, (_, place) => {
    const label = `test ${place + 1}`;
    const command = {
      command: process.execPath,
      args: [TEST_WORKER, ...args],
      stderr: (line: string) => void process.stderr.write(`${labelLine(line, label, log)}\n`),
    };
    return {
      label,
      places: PLACES,
      start: () => spawnWorkerProcess(command),
      deviceExists: async () => true,
    };
  });
}
