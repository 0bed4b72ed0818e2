import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Reporter } from "../../scripts/setup/reporter.mjs";
import { ensureForTests } from "../../scripts/setup/test-needs.mjs";

const need = { what: "Rust compiler", missing: ["cargo"], packages: ["cargo"] };
let folder: string;
let output = "";
const reporter = new Reporter({ write: (text: string) => (output += text) });

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "bdreader-needs-"));
  vi.stubEnv("PATH", folder);
  output = "";
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

async function aptGet(script: string): Promise<void> {
  await writeFile(path.join(folder, "apt-get"), `#!/bin/sh\n${script}\n`);
  await chmod(path.join(folder, "apt-get"), 0o755);
}

describe("what only tests need", () => {
  it("is not asked for when it is there", async () => {
    await ensureForTests({ ...need, missing: [] }, reporter);
    expect(output).toBe("");
  });

  it("is named with the command that installs it where nothing may be installed", async () => {
    await ensureForTests(need, reporter);
    expect(output).toContain(
      "WARNING: no Rust compiler, tests that need one will be skipped: cargo not found",
    );
    expect(output).toMatch(/apt-get install -y cargo\n$/);
  });

  it.runIf(process.getuid?.() === 0)(
    "is installed by root, and does not fail the set-up when it cannot be",
    async () => {
      await aptGet("exit 0");
      await ensureForTests(need, reporter);
      expect(output).toMatch(/^tools: installing cargo with apt-get, as root… [\d.]+ s\n$/);
      await aptGet("echo no network; exit 100");
      await ensureForTests(need, reporter);
      expect(output).toContain("tests that need one will be skipped: 'apt-get update");
    },
  );
});
