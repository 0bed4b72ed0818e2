import { writeFile } from "node:fs/promises";
import { availableParallelism, loadavg } from "node:os";
import type { Writable } from "node:stream";
import { EXIT, type ExitCode } from "../../protocol/error-codes.js";
import { benchFleet, type FleetPlan, type OpenWorkers } from "../bench/fleet-bench.js";
import { type FleetSetting, formatFleet } from "../bench/fleet-report.js";
import { UpscaleClient } from "../client/upscale-client.js";
import { PROGRAM_NAME, PROGRAM_VERSION } from "../version.js";
import type { BenchFleetChoice } from "./bench-fleet-options.js";
import { devicesOf } from "./device-choice.js";
import { readPages } from "./read-pages.js";

const QUALITY = 90;

/** @returns 1 and every power of two up to all of them, and all of them */
export function deviceCounts(all: number): readonly number[] {
  const powers = Array.from({ length: 8 }, (_, exponent) => 2 ** exponent);
  return [...powers.filter((count) => count < all), all];
}

/**
 * Compares one device with several.
 *
 * @param open in place of this program's own workers, for tests
 */
export async function runBenchFleet(
  choice: BenchFleetChoice & { readonly pages: readonly string[] },
  output: Writable,
  open: OpenWorkers = ownWorkers(choice),
): Promise<ExitCode> {
  const { effort, count, rounds, model, json } = choice;
  const pages = await readPages(choice.pages);
  const plan: FleetPlan = {
    ...{ open, pages, count, rounds, options: { quality: QUALITY, effort } },
    models: model.length > 0 ? model : [null],
    devices: deviceCounts(devicesOf(choice.gpuId).length),
  };
  const setting: FleetSetting = {
    program: `${PROGRAM_NAME} ${PROGRAM_VERSION}`,
    node: process.version,
    cores: availableParallelism(),
    loadAverage: loadavg()[0] ?? 0,
    date: new Date().toISOString(),
    pages: pages.length,
    output: `webp, quality ${QUALITY}, effort ${effort}`,
    ...{ count, rounds },
  };
  const subjects = await benchFleet(plan);
  output.write(formatFleet(setting, subjects));
  if (json !== null) await writeFile(json, `${JSON.stringify({ setting, subjects }, null, 2)}\n`);
  return EXIT.ok;
}

function ownWorkers({ gpuId }: Pick<BenchFleetChoice, "gpuId">): OpenWorkers {
  const ids = devicesOf(gpuId);
  return (model, devices) => {
    const chosen = ids.slice(0, devices);
    const [first] = chosen;
    return UpscaleClient.spawn({
      worker: {
        gpuId: chosen.length > 1 ? (chosen as readonly number[]) : first,
        ...(model === null ? {} : { model }),
        logLevel: "warn",
      },
      restart: false,
    });
  };
}
