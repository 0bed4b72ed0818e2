import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { PACKAGE_ROOT } from "../../src/package-root.js";

const MODULE = join(PACKAGE_ROOT, "dist", "src", "start", "start-driver.cjs");

/** Tells on standard error whether the engine's addon was loaded, and prints on what is left of standard output. */
const PROGRAM = `
require(process.argv[1])(process.argv.slice(2));
console.log("printed");
console.error(JSON.stringify(Object.keys(require.cache).some((path) => path.endsWith("bdreader_ncnn.node"))));
`;

function run(args: readonly string[]): Promise<{ stdout: string; stderr: string }> {
  return promisify(execFile)(process.execPath, ["-e", PROGRAM, "--", MODULE, ...args]);
}

describe("startDriver", () => {
  it.each([[[]], [["worker"]], [["worker", "--gpu-id", "0"]]])("starts the driver for %j", async (args) => {
    const { stdout, stderr } = await run(args);
    expect(stderr).toMatch(/true$/m);
    // What drivers print must not reach the protocol's stream.
    expect(stdout).toBe("");
  });

  it.each([
    [["upscale", "page.jpg"]],
    [["--help"]],
    [["worker", "-h"]],
    [["worker", "--describe"]],
    [["worker", "--gpu-id=-1"]],
    [["worker", "-g", "-1"]],
    [["worker", "--gpu-id", "0,1"]],
    [["worker", "--supervise"]],
  ])("leaves process and standard output alone for %j", async (args) => {
    const { stdout, stderr } = await run(args);
    expect(stderr).toMatch(/false$/m);
    expect(stdout).toBe("printed\n");
  });
});
