import { UpscalerError } from "../errors.js";
import type { PageStages } from "../stages/page-stages.js";
import type { PageFault, PageFaultRule } from "./faults.js";

/** What a fault does to the process; passed in, so that the choice of the page can be tested without dying. */
export type FaultActions = Readonly<Record<PageFault, () => void | Promise<void>>>;

/** The faults as they really happen. */
export function realFaultActions(writeGarbage: (text: string) => void): FaultActions {
  return {
    crash: () => {
      process.kill(process.pid, "SIGKILL");
    },
    hang: () => {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    },
    stall: () => new Promise<void>(() => undefined),
    "out-of-memory": () => {
      throw new UpscalerError(
        "out_of_memory",
        "expected memory for a tile, received none, as the test asked",
      );
    },
    "device-lost": () => {
      throw new UpscalerError("gpu_lost", "expected the device to answer, lost it, as the test asked");
    },
    garbage: () => writeGarbage("a library that knows nothing of frames says hello\n"),
  };
}

/**
 * @param onPage called with every page that reaches the engine
 * @returns the stages with faults in front of the engine
 */
export function withFaults(
  stages: PageStages,
  rules: readonly PageFaultRule[],
  actions: FaultActions,
  onPage: () => void,
): PageStages {
  let pages = 0;
  return {
    ...stages,
    async upscale(page, job) {
      pages++;
      onPage();
      for (const { fault, on } of rules) {
        const hits = typeof on === "string" ? contains(job.data, on) : on === null || on === pages;
        if (hits) await actions[fault]();
      }
      return stages.upscale(page, job);
    },
  };
}

function contains(data: Uint8Array, text: string): boolean {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength).includes(text);
}
