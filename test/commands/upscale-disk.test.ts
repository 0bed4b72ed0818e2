import { spawn, spawnSync } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../batch/temporary-folder.js";
import { CLI, collect, type Ended } from "../support/worker.js";
import { cpu, writeBook, writePages } from "./batch-runs.js";

const folder = temporaryFolder();

/** A file system of its own needs a name space of its own, which some machines do not give. */
const canMount = spawnSync("unshare", ["-rm", "mount", "-t", "tmpfs", "none", "/mnt"]).status === 0;

/** Runs `upscale` with a small disk at a folder, and then lists what is on it on stdout. */
async function onDisk(mount: string, options: string, args: readonly string[]): Promise<Ended> {
  const script = `mount -t tmpfs -o ${options} none "$0" || exit 99; "$@"; code=$?; ls -A "$0"; exit $code`;
  const command = [process.execPath, CLI, "upscale", ...cpu, ...args];
  const child = spawn("unshare", ["-rm", "sh", "-c", script, mount, ...command], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  return collect(child);
}

describe.skipIf(!canMount)("upscale onto a disk", () => {
  it("that is full ends, and leaves whole files only", async () => {
    await writePages(folder.at("in"), 40);
    await mkdir(folder.at("out"));
    const ended = await onDisk(folder.at("out"), "size=64k", [folder.at("in"), "-o", folder.at("out")]);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(/^error: output_full: cannot write .*ENOSPC/m);
    const left = ended.stdout.toString().trim().split("\n");
    expect(left.length).toBeGreaterThan(0);
    expect(left.length).toBeLessThan(40);
    for (const name of left) expect(name).toMatch(/^\d+\.webp$/);
  });

  it("that is full leaves nothing of an archive", async () => {
    const book = await writeBook(folder.at("book.cbz"), 60);
    await mkdir(folder.at("out"));
    const ended = await onDisk(folder.at("out"), "size=16k", [book, "-o", folder.at("out")]);
    expect(ended).toMatchObject({ code: 1 });
    expect(ended.stderr).toMatch(/^error: output_full: /m);
    expect(ended.stdout.toString()).toBe("");
  });

  it("that cannot be written to says so", async () => {
    await writePages(folder.at("in"), 2);
    await mkdir(folder.at("out"));
    const ended = await onDisk(folder.at("out"), "ro", [folder.at("in"), "-o", folder.at("out")]);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(/^error: output_unwritable: cannot write .*EROFS/m);
  });
});
