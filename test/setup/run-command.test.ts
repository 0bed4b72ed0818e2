import { describe, expect, it } from "vitest";
import { runCommand, runVisibly } from "../../scripts/setup/run-command.mjs";

const sh = (script: string, onLine?: (line: string) => void) =>
  runCommand("/bin/sh", ["-c", script], onLine ? { onLine } : {});

describe("running a command", () => {
  it("gives what it printed on both streams", async () => {
    expect((await sh("echo out; echo err >&2")).split("\n").sort()).toEqual(["", "err", "out"]);
  });

  it("hands over whole lines, however they arrive", async () => {
    const lines: string[] = [];
    await sh("printf 'one\\ntw'; sleep 0.1; printf 'o\\r\\nthree\\n'", (line) => lines.push(line));
    expect(lines).toEqual(["one", "two", "three"]);
  });

  it("keeps the end of a long output", async () => {
    const output = await sh("seq 1 20000");
    expect(output).toHaveLength(32_768);
    expect(output.endsWith("19999\n20000\n")).toBe(true);
  });

  it("fails with the command, how it ended and what it printed", async () => {
    await expect(sh("echo why; exit 7")).rejects.toThrow("'/bin/sh -c echo why; exit 7' ended with 7:\nwhy");
    await expect(sh("kill -9 $$")).rejects.toThrow("ended with SIGKILL");
    await expect(runCommand("/nonexistent", [])).rejects.toThrow(
      "'/nonexistent' ended with spawn /nonexistent ENOENT",
    );
  });

  it("tells how a visible command ended", async () => {
    expect(await runVisibly("/bin/sh", ["-c", "exit 3"])).toBe(3);
    expect(await runVisibly("/bin/sh", ["-c", "kill -9 $$"])).toBe(128);
    await expect(runVisibly("/nonexistent", [])).rejects.toThrow("ENOENT");
  });
});
