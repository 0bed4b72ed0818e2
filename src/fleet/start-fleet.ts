import { DEFAULT_ENVIRONMENT, DEFAULT_RUN_LIMITS } from "../client/client-options.js";
import { DEFAULT_RESTART_OPTIONS } from "../client/restart-policy.js";
import { FatalError } from "../errors.js";
import type { Log } from "../log.js";
import type { ReadyInfo } from "../session/request-options.js";
import type { LoadedStages } from "../session/session.js";
import { Fleet } from "./fleet.js";
import type { ChildSettings, ChildSpec, FleetChild } from "./fleet-child.js";

export interface StartedFleet {
  readonly fleet: Fleet;
  /**
   * Settles when every worker is ready or was given up.
   *
   * @throws {FatalError} gpu_init_failed, internal_fatal: none is ready, or a device does not exist
   */
  readonly loaded: Promise<LoadedStages>;
}

/** Starts one worker for each of `specs`. */
export function startFleet(
  specs: readonly ChildSpec[],
  log: Log,
  settings: Partial<ChildSettings> = {},
): StartedFleet {
  let onSettled: () => void = () => undefined;
  const fleet = new Fleet(
    specs,
    {
      ...{ environment: DEFAULT_ENVIRONMENT, limits: DEFAULT_RUN_LIMITS, restart: DEFAULT_RESTART_OPTIONS },
      ...settings,
    },
    { onSettled: () => onSettled() },
    log,
  );
  const settled = new Promise<void>((resolve) => {
    onSettled = () => {
      if (fleet.children.every(({ ready, isGivenUp }) => ready !== null || isGivenUp)) resolve();
    };
  });
  fleet.start();
  return { fleet, loaded: settled.then(async () => ({ processor: fleet, ready: await describe(fleet) })) };
}

/** A device that was asked for by its number is obeyed or refused; one that fails leaves its work to the others. */
async function describe({ children, names }: Fleet): Promise<ReadyInfo> {
  const failed = children.filter(({ ready }) => ready === null);
  const ready = children.flatMap((child) => child.ready ?? []).at(0);
  for (const child of failed) {
    if (ready === undefined || !(await child.deviceExists())) throw startFailure(child);
  }
  if (ready === undefined) throw new Error("expected at least one worker in a fleet");
  return { devices: names.devices, models: ready.models, default_model: ready.default_model };
}

function startFailure({ label, lastEnd, hasLostDevice }: FleetChild): FatalError {
  const reason = lastEnd?.loss.reason ?? "its process could not be started";
  const isAboutDevice = hasLostDevice || lastEnd?.loss.code === "gpu_init_failed";
  return new FatalError(
    isAboutDevice ? "gpu_init_failed" : "internal_fatal",
    `expected the worker for ${label} to start, but ${reason}`,
  );
}
