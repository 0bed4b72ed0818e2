import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { SYSTEM_PROCESSES } from "../../src/commands/process-probe.js";

describe("SYSTEM_PROCESSES", () => {
  it("sees this process, its parent and a process of another user as alive", () => {
    for (const pid of [process.pid, SYSTEM_PROCESSES.parentPid(), 1]) {
      expect(SYSTEM_PROCESSES.isAlive(pid)).toBe(true);
    }
  });

  it("takes a process for dead that nobody has asked for its end yet", async () => {
    // The shell becomes `sleep`, which does not wait for the child that the shell had.
    const parent = spawn("sh", ["-c", "sleep 0.2 & echo $!; exec sleep 60"]);
    const [line] = await once(parent.stdout, "data");
    const pid = Number(line);
    expect(SYSTEM_PROCESSES.isAlive(pid)).toBe(true);
    await expect.poll(() => SYSTEM_PROCESSES.isAlive(pid), { timeout: 5000 }).toBe(false);
    // Still there for signals: only its state tells.
    expect(() => process.kill(pid, 0)).not.toThrow();
    parent.kill("SIGKILL");
  });
});
