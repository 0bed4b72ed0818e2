import { spawn } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";
import { PACKAGE_ROOT } from "../../src/package-root.js";

const ADDON = join(PACKAGE_ROOT, "build", "Release", "bdreader_ncnn.node");
const CODE = 7;

/** Ends a process that many milliseconds after it has asked for the devices, for which drivers are started. */
function endWhileDriversStart(delay: number): Promise<{ code: number | null; signal: string | null }> {
  const script = `require(${JSON.stringify(ADDON)}).listDevices().catch(() => undefined);
    setTimeout(() => process.exit(${CODE}), ${delay});`;
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["-e", script], { stdio: "ignore", timeout: 20_000 });
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code, signal }));
  });
}

it("a process ends with its code whenever it ends while drivers are being started", async () => {
  // Libraries that a driver had just loaded were taken down under it: a tenth of such processes hung.
  for (let delay = 0; delay < 48; delay += 2) {
    expect(await endWhileDriversStart(delay), `after ${delay} ms`).toEqual({ code: CODE, signal: null });
  }
});
