import { Command } from "commander";
import { describe, expect, it } from "vitest";
import type { WorkerChoice } from "../../src/commands/device-choice.js";
import { addEngineOptions } from "../../src/commands/engine-options.js";
import { resolveModel } from "../../src/commands/open-engine.js";
import { openFleet } from "../../src/commands/open-fleet.js";
import { CPU_INDEX } from "../../src/engine/select-device.js";
import { SILENT_LOG } from "../../src/log.js";
import { ANY_MODEL } from "../../src/models/model-selection.js";
import { announceSkipped } from "../clients/reference-client.js";
import { vulkanDevices } from "../support/engines.js";

const [device] = vulkanDevices;
if (!device) announceSkipped("the default model of several GPUs", "install mesa-vulkan-drivers");

/** @returns the model that all workers of a fleet for these devices have */
async function modelOf(gpuId: WorkerChoice["gpuId"], model: string | null = null): Promise<string> {
  const defaults = addEngineOptions(new Command()).parse([], { from: "user" }).opts<WorkerChoice>();
  const choice = { ...defaults, gpuId, model, maxMemory: 2048, log: "text", logLevel: "error" } as const;
  const { fleet, loaded } = await openFleet(choice, SILENT_LOG);
  try {
    const { ready } = await loaded;
    const models = fleet.children.map((child) => child.ready?.default_model);
    expect(models).toEqual(models.map(() => ready.default_model));
    return ready.default_model;
  } finally {
    await fleet.close();
  }
}

describe("without a model that is named, workers", () => {
  it("on the CPU have the default", async () => {
    expect(await modelOf([CPU_INDEX, CPU_INDEX])).toBe("bd2x-fast");
  });

  it("that are alone have what the device would have without a supervisor", async () => {
    expect(await modelOf(CPU_INDEX)).toBe("bd2x-fast");
    const preferred = vulkanDevices.find((each) => each.preferred);
    const { name } = await resolveModel(null, ANY_MODEL, preferred?.type);
    expect(await modelOf("auto")).toBe(name);
  });

  // Of its type they do not know: two workers share the one that is there.
  it.skipIf(!device)("on several GPUs share the default of GPUs", async () => {
    const index = device?.index ?? 0;
    expect(await modelOf([index, index])).toBe("bd2x");
  });

  it.skipIf(!device)("on a GPU and the CPU share the default", async () => {
    expect(await modelOf([device?.index ?? 0, CPU_INDEX])).toBe("bd2x-fast");
  });
});

it("a model that is named is that of all workers, whatever they run on", async () => {
  expect(await modelOf([CPU_INDEX, CPU_INDEX], "bd2x")).toBe("bd2x");
  if (device) expect(await modelOf([device.index, device.index], "bd2x-fast")).toBe("bd2x-fast");
});
