import { basename } from "node:path";
import { vi } from "vitest";
import type {
  NativeAddon,
  NativeDevice,
  NativeEvent,
  NativeFailure,
  NativeJob,
  NativeUpscaler,
} from "../../src/engine/native.js";

/** What a made-up device does with a model. */
export type FakeBehaviour = "works" | "cannot load" | "has no memory";

/** A device that there need not be; it can do nothing that would have to be measured. */
export function fakeDevice(type: NativeDevice["type"]): NativeDevice {
  return {
    ...{ index: 0, name: `a ${type} device`, type, driver: "none", driverVersion: "1", uuid: "00" },
    ...{ memoryMb: 4096, fp16Storage: false, fp16Arithmetic: false, int8Storage: false },
    ...{ cooperativeMatrix: false, fusedConvolution: false, preferred: type !== "software" },
  };
}

function fakeUpscaler(behaviour: FakeBehaviour, onEvent: (event: NativeEvent) => void): NativeUpscaler {
  const unwanted = (): never => {
    throw new Error("expected nothing but pages");
  };
  const failure: NativeFailure = Object.assign(new Error("no memory"), { code: "out_of_memory" as const });
  return {
    submit: ({ id, tile }: NativeJob) => {
      const event: NativeEvent =
        behaviour === "works" ? { type: "finished", id, tile } : { type: "failed", id, error: failure };
      setImmediate(() => onEvent(event));
    },
    close: () => void setImmediate(() => onEvent({ type: "closed", id: 0 })),
    createOutput: () => null,
    cancel: () => undefined,
    prioritize: () => undefined,
    releaseOutput: unwanted,
    memory: () => ({ budgetMb: 4096, usedMb: 0, heldMb: 0, peakMb: 0 }),
    timeNetwork: unwanted,
    observeBlobs: unwanted,
  };
}

/**
 * Makes the addon tell of one GPU, or of none, and load nothing; until mocks are restored. The CPU always works.
 *
 * @returns what was loaded since, as `bd2x on 0`, -1 being the CPU
 */
export function pretendDevice(
  addon: NativeAddon,
  device: NativeDevice | null,
  behaviour: FakeBehaviour = "works",
): readonly string[] {
  const loads: string[] = [];
  vi.spyOn(addon, "listDevices").mockResolvedValue(device ? [device] : []);
  vi.spyOn(addon, "load").mockImplementation(async ({ paramPath, deviceIndex }, onEvent) => {
    loads.push(`${basename(paramPath, ".param")} on ${deviceIndex}`);
    const here = deviceIndex === device?.index ? behaviour : "works";
    if (here === "cannot load") throw new Error("its driver refuses");
    return fakeUpscaler(here, onEvent);
  });
  return loads;
}
