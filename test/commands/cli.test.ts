import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, open, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PROGRAM_VERSION } from "../../src/version.js";
import { vulkanDevices } from "../support/engines.js";
import { paintScreentone } from "../support/images.js";
import { CLI, runCli } from "../support/worker.js";

let folder: string;
let page: Buffer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bdreader-cli-"));
  const { data, width, height } = paintScreentone(90, 60);
  page = await sharp(data, { raw: { width, height, channels: 3 } })
    .jpeg()
    .toBuffer();
  await writeFile(join(folder, "page.jpg"), page);
});
afterAll(() => rm(folder, { recursive: true }));

const cpu = ["--gpu-id", "-1"];

describe("pipe", () => {
  it("writes nothing but the image to stdout", async () => {
    const { code, stdout, stderr } = await runCli(["pipe", ...cpu], page);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(await sharp(stdout).metadata()).toMatchObject({ format: "webp", width: 180, height: 120 });
  });

  it.each([
    ["garbage", Buffer.from("\x01\x02garbage\xff"), "unsupported_format"],
    ["text", Buffer.from("# A text file\n\nwith lines\n"), "unsupported_format"],
    ["nothing", Buffer.alloc(0), "decode_failed"],
    ["a truncated JPEG", null, "decode_failed"],
  ])("fails with 1 and a clear error for %s, and writes nothing", async (_, input, code) => {
    const ended = await runCli(["pipe", ...cpu], input ?? page.subarray(0, page.length - 200));
    expect({ code: ended.code, bytes: ended.stdout.length }).toEqual({ code: 1, bytes: 0 });
    expect(ended.stderr).toMatch(new RegExp(`^error: ${code}: expected `));
    expect(ended.stderr.trim().split("\n")).toHaveLength(1);
  });

  it("obeys the image options", async () => {
    const options = ["-f", "png", "--fit", "100x", "-s", "2"];
    const { code, stdout } = await runCli(["pipe", ...cpu, ...options], page);
    expect(code).toBe(0);
    expect(await sharp(stdout).metadata()).toMatchObject({ format: "png", width: 100, height: 67 });
  });
});

describe("upscale", () => {
  it.each(["webp", "jpg", "png"])(
    "writes .%s by the name of the output and leaves no other file",
    async (ending) => {
      const output = join(folder, `result.${ending}`);
      const { code } = await runCli(["upscale", join(folder, "page.jpg"), "-o", output, ...cpu]);
      expect(code).toBe(0);
      expect(await sharp(output).metadata()).toMatchObject({
        format: ending === "jpg" ? "jpeg" : ending,
        width: 180,
        height: 120,
      });
      await rm(output);
      expect(await readdir(folder)).toEqual(["page.jpg"]);
    },
  );

  it("keeps the file that is there when the input cannot be processed", async () => {
    const [input, output] = [join(folder, "bad.jpg"), join(folder, "kept.webp")];
    await writeFile(input, page.subarray(0, 500));
    await writeFile(output, "precious");
    const { code } = await runCli(["upscale", input, "-o", output, ...cpu]);
    expect(code).toBe(1);
    expect(await readFile(output, "utf8")).toBe("precious");
    await Promise.all([rm(input), rm(output)]);
  });

  it.each([
    ["an input that is not there", ["upscale", "/nonexistent.jpg", "-o", "/tmp/x.webp"], 1, "cannot read"],
    ["a folder that is not there", ["upscale", "PAGE", "-o", "/nonexistent/x.webp"], 1, "cannot write"],
    ["an unknown ending", ["upscale", "PAGE", "-o", "/tmp/x.bmp"], 1, "--format"],
    [
      "a scale that the model lacks",
      ["upscale", "PAGE", "-o", "/tmp/x.webp", "-s", "5"],
      69,
      "expected a model of scale 5",
    ],
    ["a missing device", ["upscale", "PAGE", "-o", "/tmp/x.webp", "-g", "99"], 69, "gpu-id -1 uses the CPU"],
    ["an unknown model", ["upscale", "PAGE", "-o", "/tmp/x.webp", "-m", "nope"], 69, "bd2x-fast"],
  ])("says what is wrong with %s", async (_, args, code, text) => {
    const given = args.map((argument) => (argument === "PAGE" ? join(folder, "page.jpg") : argument));
    const ended = await runCli(given.includes("-g") ? given : [...given, ...cpu]);
    expect(ended.stderr).toContain(text);
    expect(ended.code).toBe(code);
    expect(existsSync("/tmp/x.webp")).toBe(false);
  });
});

describe("the command line", () => {
  it.each([
    ["an unknown option", ["pipe", "--frobnicate"]],
    ["an unknown command", ["frobnicate", "x"]],
    ["a tile below the smallest", ["pipe", "--tile-size", "16"]],
    ["a device that is no number", ["pipe", "--gpu-id", "first"]],
    ["a quality out of range", ["pipe", "--quality", "101"]],
    ["no output", ["upscale", "page.jpg"]],
  ])("exits with 64 and a hint for %s", async (_, args) => {
    const { code, stdout, stderr } = await runCli(args);
    expect({ code, bytes: stdout.length }).toEqual({ code: 64, bytes: 0 });
    expect(stderr).toMatch(/^error: /);
  });

  it("prints help and version to stdout with 0", async () => {
    const [help, version] = await Promise.all([runCli(["--help"]), runCli(["--version"])]);
    expect({ code: help.code, stderr: help.stderr }).toEqual({ code: 0, stderr: "" });
    for (const command of ["worker", "upscale", "pipe", "devices", "demo"]) {
      expect(help.stdout.toString()).toContain(command);
    }
    expect(version.stdout.toString()).toBe(`${PROGRAM_VERSION}\n`);
  });
});

describe("devices", () => {
  it("lists what the addon sees and the CPU last", async () => {
    const { code, stdout } = await runCli(["devices", "--json"]);
    expect(code).toBe(0);
    const devices = JSON.parse(stdout.toString()) as { index: number; name: string }[];
    expect(devices.map(({ index }) => index)).toEqual([...vulkanDevices.map(({ index }) => index), -1]);
  });

  it("offers the CPU only, without noise, where the Vulkan loader cannot be opened", async () => {
    const broken = join(folder, "no-vulkan");
    await mkdir(broken);
    for (const name of ["libvulkan.so", "libvulkan.so.1"]) await writeFile(join(broken, name), "");
    const { code, stdout, stderr } = await runCli(["devices"], undefined, { LD_LIBRARY_PATH: broken });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout.toString()).toMatch(/^\* -1: .*\(CPU, \d+ MiB; fp32(, direct convolution)?\)\n$/);
    await rm(broken, { recursive: true });
  });
});

describe("standard output that is a file", () => {
  it("has everything that a command wrote by the time it ends", async () => {
    const report = join(folder, "report.txt");
    const file = await open(report, "w");
    const pages = ["--data", folder, "--crop", "128", "--limit", "1", "--quality", "none"];
    const child = spawn(process.execPath, [CLI, "models", "evaluate", "bd2x-fast", ...pages, "-g", "-1"], {
      stdio: ["ignore", file.fd, "ignore"],
    });
    const [code] = await once(child, "close");
    await file.close();
    expect(code).toBe(0);
    // The setting is one write, the table another.
    expect(await readFile(report, "utf8")).toMatch(/^# bdreader[\s\S]*\n\| bd2x-fast .*\|\n$/);
  });
});

describe("demo", () => {
  it("sends the sample page through a worker and keeps the answer and a picture", async () => {
    const output = join(folder, "demo");
    const { code, stdout, stderr } = await runCli(["demo", "-o", output, ...cpu]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout.toString()).toMatch(/page\.webp[\s\S]*before-after\.png/);
    expect(await sharp(join(output, "page.webp")).metadata()).toMatchObject({ width: 1600, height: 2400 });
    expect(await sharp(join(output, "before-after.png")).metadata()).toMatchObject({
      format: "png",
      height: 1040,
    });
    await rm(output, { recursive: true });
  });
});
