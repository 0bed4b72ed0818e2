import { chmod, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Reporter } from "../../scripts/setup/reporter.mjs";
import { ensureSanitizers, sanitizerRemedy, sanitizerSupport } from "../../scripts/setup/sanitizers.mjs";
import { temporaryFolder } from "./fixtures/temporary-folder.js";

/** Makes the compiler a shell script, which finds its arguments in $*; nothing else can be called. */
async function compilerThat(script: string): Promise<void> {
  const folder = await temporaryFolder();
  const compiler = path.join(folder, "compiler");
  await writeFile(compiler, `#!/bin/sh\n${script}\n`);
  await chmod(compiler, 0o755);
  vi.stubEnv("CXX", compiler);
  vi.stubEnv("PATH", folder);
}

/** A compiler whose program is this shell script. */
const producing = (program: string) =>
  `for last; do :; done; printf '#!/bin/sh\\n%s\\n' '${program}' > "$last"; /bin/chmod +x "$last"`;

afterEach(() => void vi.unstubAllEnvs());

describe("sanitizers", () => {
  it("are missing when the compiler cannot link them, and the complaint is told", async () => {
    await compilerThat("echo cannot find libasan_preinit.o >&2; exit 1");
    const support = await sanitizerSupport();
    expect(support).toEqual({ problem: "cannot find libasan_preinit.o", findsLeaks: false });
  });

  it("are missing when what they are linked to does not run", async () => {
    await compilerThat(producing("echo unexpected memory mapping >&2; exit 66"));
    const support = await sanitizerSupport();
    expect(support.problem).toBe("unexpected memory mapping");
  });

  it("find no leaks where a lost block goes unnoticed", async () => {
    await compilerThat(producing("exit 0"));
    expect(await sanitizerSupport()).toEqual({ problem: null, findsLeaks: false });
  });

  it("find leaks where the lost block is told", async () => {
    await compilerThat(
      producing('[ $# = 0 ] || { echo "4321 byte(s) leaked in 1 allocation(s)"; exit 23; }'),
    );
    expect(await sanitizerSupport()).toEqual({ problem: null, findsLeaks: true });
  });

  it("come with the package of the compiler's own version", async () => {
    await compilerThat('case "$1" in --version) echo g++ 13.2.0;; *) echo 13;; esac');
    expect(await sanitizerRemedy()).toMatch(/apt-get install -y libgcc-13-dev$/);
    await compilerThat("echo Debian clang version 14.0.6");
    expect(await sanitizerRemedy()).toMatch(/apt-get install -y libclang-rt-dev$/);
  });

  it("are asked for with the command that installs them where nothing may be installed", async () => {
    await compilerThat('case "$1" in --version) echo g++ 13.2.0;; -dumpversion) echo 13;; *) exit 1;; esac');
    let output = "";
    await ensureSanitizers(new Reporter({ write: (text: string) => (output += text) }));
    expect(output).toContain("WARNING: no sanitizer, tests that need one will be skipped");
    expect(output).toMatch(/apt-get install -y libgcc-13-dev\n$/);
  });
});
