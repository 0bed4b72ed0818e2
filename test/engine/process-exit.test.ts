import { spawn } from "node:child_process";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { PACKAGE_ROOT } from "../../src/package-root.js";
import { shippedModel, vulkanDevices } from "../support/engines.js";

const SCRIPT = join(PACKAGE_ROOT, "test", "support", "busy-engine.mjs");
const ADDON = join(PACKAGE_ROOT, "build", "Release", "bdreader_ncnn.node");

let modelOptions: object;
beforeAll(async () => {
  const { paramPath, binPath, inputBlob, outputBlob, scale, overlap } = await shippedModel();
  modelOptions = { paramPath, binPath, inputBlob, outputBlob, scale, context: overlap };
});

function endBusyProcess(
  deviceIndex: number,
  ending: string,
): Promise<{ code: number | null; signal: string | null }> {
  const options = {
    ...modelOptions,
    ...{ deviceIndex, consumed: 0, alignment: 1, addsNearest: false, edges: "mirror", globalPools: [] },
    ...{
      fp16Storage: false,
      fp16Arithmetic: false,
      winograd: true,
      cooperativeMatrix: false,
      fusedConvolution: "off",
    },
    ...{ threads: 1, lanes: 1, maxMemoryMb: 0, duty: 1, pipelineCachePath: "", loseDeviceAfter: 0 },
  };
  const args = ["--expose-gc", SCRIPT, ADDON, JSON.stringify(options), ending];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: "ignore" });
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code, signal }));
  });
}

describe.each([
  ["the CPU", -1],
  ["Vulkan", 0],
])("a process that ends while the engine is busy on %s", (_, deviceIndex) => {
  it
    .skipIf(deviceIndex >= vulkanDevices.length)
    .each([
      "process.exit",
      "uncaught exception",
      "idle engine left open",
      "work of a forgotten engine",
      "worker thread terminated",
    ])("ends with the code it chose: %s", async (ending) => {
    expect(await endBusyProcess(deviceIndex, ending)).toEqual({ code: 7, signal: null });
  });
});
