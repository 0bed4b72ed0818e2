import type { FleetChild } from "./fleet-child.js";
import type { FleetPage } from "./fleet-page.js";

type Candidate = Pick<FleetChild, "pixelsPerMs" | "pixelsUntil">;

/**
 * Chooses the worker that is expected to finish a page first: by the pixels that are before it there, those of more
 * urgent and equal pages, and by how fast the worker was so far. Of two equal ones it is the one with less to do at all.
 *
 * @param able those that may be given the page
 * @param all among which a worker that was not measured yet is taken for average
 * @returns null when none may
 */
export function foremost<Child extends Candidate>(
  able: readonly Child[],
  page: Pick<FleetPage, "pixels" | "priority">,
  all: readonly Candidate[],
): Child | null {
  const average = meanSpeed(all);
  const [first] = able
    .map((child) => {
      const speed = child.pixelsPerMs ?? average;
      return {
        child,
        finishMs: child.pixelsUntil(page.pixels, page.priority) / speed,
        allMs: child.pixelsUntil(page.pixels, Number.NEGATIVE_INFINITY) / speed,
      };
    })
    .sort((one, other) => one.finishMs - other.finishMs || one.allMs - other.allMs);
  return first?.child ?? null;
}

/** @returns input pixels a millisecond, 1 before anything was measured */
function meanSpeed(children: readonly Candidate[]): number {
  const speeds = children.flatMap(({ pixelsPerMs }) => pixelsPerMs ?? []);
  return speeds.length === 0 ? 1 : speeds.reduce((sum, speed) => sum + speed, 0) / speeds.length;
}
