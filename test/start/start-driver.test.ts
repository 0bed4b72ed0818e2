import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { PACKAGE_ROOT } from "../../src/package-root.js";

const MODULE = join(PACKAGE_ROOT, "dist", "src", "start", "start-driver.cjs");
const ADDON = join(PACKAGE_ROOT, "build", "Release", "bdreader_ncnn.node");

/** Tells on standard error which device was to be opened, and prints on what is left of standard output. */
const PROGRAM = `
const [startDriver, addon, ...args] = process.argv.slice(1);
let opened = null;
require(addon).openDevice = (device) => {
  opened = device;
  return Promise.reject(new Error("refused"));
};
require(startDriver)(args);
console.log("printed");
console.error("opened " + JSON.stringify(opened));
`;

function run(args: readonly string[]): Promise<{ stdout: string; stderr: string }> {
  return promisify(execFile)(process.execPath, ["-e", PROGRAM, "--", MODULE, ADDON, ...args]);
}

describe("startDriver", () => {
  it.each([
    ["auto", []],
    ["auto", ["worker", "--tile-size", "0"]],
    ["auto", ["worker", "-g", "auto"]],
    [0, ["worker", "--gpu-id", "0"]],
    [1, ["worker", "--gpu-id=1"]],
    [2, ["worker", "-g2", "--no-winograd"]],
    [3, ["-g", "3"]],
    [4, ["worker", "-g", "-1", "-g", "4"]],
    // There is no such device: the engine tells so.
    [250, ["worker", "-g", "250"]],
  ])("opens device %j for %j", async (device, args) => {
    const { stdout, stderr } = await run(args);
    expect(stderr).toContain(`opened ${JSON.stringify(device)}\n`);
    // What drivers print must not reach the protocol's stream.
    expect(stdout).toBe("");
  });

  it.each([
    [["upscale", "page.jpg", "-g", "0"]],
    [["--help"]],
    [["--version"]],
    [["worker", "-h"]],
    [["worker", "--describe"]],
    [["worker", "--gpu-id=-1"]],
    [["worker", "-g", "-1"]],
    [["worker", "-g-1"]],
    [["worker", "-g", "0", "--gpu-id", "-1"]],
    [["worker", "--gpu-id", "0,1"]],
    [["worker", "-g", "one"]],
    [["worker", "-g"]],
    [["worker", "--supervise"]],
  ])("leaves driver and standard output alone for %j", async (args) => {
    const { stdout, stderr } = await run(args);
    expect(stderr).toMatch(/opened null$/m);
    expect(stdout).toBe("printed\n");
  });
});
