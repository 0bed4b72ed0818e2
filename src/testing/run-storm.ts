import { fileURLToPath } from "node:url";
import { Command, Option } from "commander";
import { residentAround, runStorm } from "./storm.js";

/*
 * A storm by hand: node dist/src/testing/run-storm.js --pages 10000, with the engine for tests, or with the program's own
 * worker and its options behind --.
 */

interface Choice {
  readonly pages: number;
  readonly seed: number;
  readonly concurrency: number;
  readonly minutes: number;
}

const TEST_WORKER = fileURLToPath(new URL("test-worker.cjs", import.meta.url));
const PROGRAM = fileURLToPath(new URL("../main.cjs", import.meta.url));
const WINDOW = 200;

async function storm(workerOptions: readonly string[], choice: Choice): Promise<void> {
  const worker = workerOptions.length > 0 ? [PROGRAM, "worker", ...workerOptions] : [TEST_WORKER];
  const report = await runStorm({
    ...choice,
    command: { command: process.execPath, args: worker },
    limitMs: choice.minutes * 60_000,
  });
  const { samples, ...others } = report;
  const after = [200, 500, 1000, 2000, 4000, 6000, 8000, 10_000, report.answers];
  const resident = Object.fromEntries(
    after
      .filter((answers) => answers <= report.answers)
      .map((answers) => [answers, Math.round(residentAround(samples, answers, WINDOW))]),
  );
  process.stdout.write(`${JSON.stringify({ ...others, resident_mib: resident }, null, 2)}\n`);
}

await new Command("storm")
  .argument("[worker options...]")
  .addOption(new Option("--pages <count>", "pages to send").argParser(Number).default(10_000))
  .addOption(new Option("--seed <number>", "of what is random").argParser(Number).default(1))
  .addOption(new Option("--concurrency <count>", "requests in flight").argParser(Number).default(32))
  .addOption(new Option("--minutes <count>", "ends it early").argParser(Number).default(60))
  .action(storm)
  .parseAsync();
