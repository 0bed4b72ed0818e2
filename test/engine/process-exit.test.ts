import { spawn } from "node:child_process";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { PACKAGE_ROOT } from "../../src/package-root.js";
import { shippedModel, vulkanDevices } from "../support/engines.js";

const SCRIPT = join(PACKAGE_ROOT, "test", "support", "busy-engine.mjs");
const ADDON = join(PACKAGE_ROOT, "build", "Release", "bdreader_ncnn.node");

let modelOptions: object;
beforeAll(async () => {
  const { paramPath, binPath, inputBlob, outputBlob, scale, overlap, alignment } = await shippedModel();
  modelOptions = { paramPath, binPath, inputBlob, outputBlob, scale, alignment, context: overlap };
});

type Ended = { code: number | null; signal: string | null };

/** @returns how a process of Node.js ends; one that hangs is killed */
function endOf(args: readonly string[]): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: "ignore", timeout: 50_000 });
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code, signal }));
  });
}

function endBusyProcess(deviceIndex: number, ending: string): Promise<Ended> {
  const options = {
    ...modelOptions,
    ...{ deviceIndex, consumed: 0, addsNearest: false, edges: "mirror", globalPools: [] },
    ...{
      fp16Storage: false,
      fp16Arithmetic: false,
      winograd: true,
      directConvolution: false,
      cooperativeMatrix: false,
      fusedConvolution: "off",
    },
    ...{ threads: 1, lanes: 1, maxMemoryMb: 0, duty: 1, pipelineCachePath: "", loseDeviceAfter: 0 },
  };
  return endOf(["--expose-gc", SCRIPT, ADDON, JSON.stringify(options), ending]);
}

/** Ends a process that many milliseconds after it has asked for the devices, for which drivers are started. */
function endWhileDriversStart(delay: number): Promise<Ended> {
  const script = `require(${JSON.stringify(ADDON)}).listDevices().catch(() => undefined);
    setTimeout(() => process.exit(7), ${delay});`;
  return endOf(["-e", script]);
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

it("a process that ends while drivers are being started ends with the code it chose, whenever that is", async () => {
  // Libraries that a driver had just loaded were taken down under it: a tenth of such processes hung.
  for (let delay = 0; delay < 48; delay += 2) {
    expect(await endWhileDriversStart(delay), `after ${delay} ms`).toEqual({ code: 7, signal: null });
  }
});
