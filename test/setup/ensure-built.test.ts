import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { temporaryFolder } from "./fixtures/temporary-folder.js";

const PROGRAM = path.join(import.meta.dirname, "fixtures/build-once.mjs");

class Setup {
  output = "";
  errors = "";
  readonly process: ChildProcess;
  readonly ended: Promise<unknown[]>;

  constructor(prefix: string, name: string, { command, PATH }: { command?: string; PATH?: string } = {}) {
    this.process = spawn(process.execPath, [PROGRAM, prefix, name, ...(command ? [command] : [])], {
      env: { ...process.env, ...(PATH ? { PATH } : {}) },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.process.stdout?.on("data", (text) => {
      this.output += text;
    });
    this.process.stderr?.on("data", (text) => {
      this.errors += text;
    });
    this.ended = once(this.process, "close");
    onTestFinished(() => void this.process.kill());
  }

  says(text: string): Promise<void> {
    return vi.waitFor(() => expect(this.output).toContain(text), { timeout: 20_000 });
  }
}

/** Ends only when `file` is there, however fast the machine is, or when its folder is removed after the test. */
const until = (file: string) =>
  `while [ ! -e '${file}' ] && [ -d '${path.dirname(file)}' ]; do sleep 0.02; done`;

describe("a product that several set-ups want", () => {
  it("is built by one of them, the other waits and uses it", async () => {
    const folder = await temporaryFolder();
    const [prefix, signal] = [path.join(folder, "product"), path.join(folder, "signal")];
    const first = new Setup(prefix, "first", { command: until(signal) });
    await first.says("building");
    const second = new Setup(prefix, "second");
    await second.says("waiting");
    await writeFile(signal, "");
    await Promise.all([first.ended, second.ended]);
    expect(first.output).toBe("building\nbuilt by first\n");
    expect(second.output).toBe("waiting\nbuilt by first\n");
  });

  it("is built by the other once all of a killed builder is gone", async () => {
    const folder = await temporaryFolder();
    const [prefix, signal, end] = ["product", "signal", "end"].map((name) => path.join(folder, name));
    const killed = new Setup(`${prefix}`, "killed", {
      command: `${until(`${signal}`)}; sleep 0.2; touch '${end}'`,
    });
    await killed.says("building");
    const heir = new Setup(`${prefix}`, "heir", { command: `test -e '${end}'` });
    await heir.says("waiting");
    killed.process.kill("SIGKILL");
    await killed.ended;
    expect(heir.output).toBe("waiting\n");
    await writeFile(`${signal}`, "");
    await heir.ended;
    expect(heir.output).toBe("waiting\nbuilding\nbuilt by heir\n");
    expect(heir.process.exitCode).toBe(0);
  });

  it("is given up with everything that builds it when the set-up is told to end", async () => {
    const folder = await temporaryFolder();
    const prefix = path.join(folder, "product");
    const setup = new Setup(prefix, "interrupted", { command: until(path.join(folder, "never")) });
    await setup.says("building");
    expect(spawnSync("flock", ["-n", `${prefix}.lock`, "true"]).status).toBe(1);
    setup.process.kill("SIGTERM");
    await setup.ended;
    expect(setup.process.exitCode).toBe(143);
    expect(spawnSync("flock", ["-n", `${prefix}.lock`, "true"]).status).toBe(0);
    expect(existsSync(prefix)).toBe(false);
  });

  it("is built again when it is not whole", async () => {
    const prefix = path.join(await temporaryFolder(), "product");
    await mkdir(path.join(prefix, "half"), { recursive: true });
    const setup = new Setup(prefix, "repair");
    await setup.ended;
    expect(setup.output).toBe("building\nbuilt by repair\n");
    expect(await readdir(prefix)).toEqual(["builder"]);
  });

  it("is used as it is, and what a cut-off build left beside it is removed", async () => {
    const prefix = path.join(await temporaryFolder(), "product");
    await mkdir(prefix);
    await writeFile(path.join(prefix, "builder"), "somebody");
    await mkdir(`${prefix}.build/objects`, { recursive: true });
    await mkdir(`${prefix}.installed`);
    const setup = new Setup(prefix, "user");
    await setup.ended;
    expect(setup.output).toBe("built by somebody\n");
    expect(existsSync(`${prefix}.build`)).toBe(false);
    expect(existsSync(`${prefix}.installed`)).toBe(false);
  });

  it("is built without a lock, which is said, where flock is not installed", async () => {
    const folder = await temporaryFolder();
    const setup = new Setup(path.join(folder, "product"), "alone", { PATH: folder });
    await setup.ended;
    expect(setup.output).toBe("unlocked: spawn flock ENOENT\nbuilding\nbuilt by alone\n");
  });

  it("fails its set-up when the build fails, and leaves nothing to be taken for it", async () => {
    const prefix = path.join(await temporaryFolder(), "product");
    const setup = new Setup(prefix, "unlucky", { command: "exit 3" });
    await setup.ended;
    expect(setup.process.exitCode).toBe(1);
    expect(setup.errors).toContain("'/bin/sh -c exit 3' ended with 3");
    expect(existsSync(prefix)).toBe(false);
  });
});
