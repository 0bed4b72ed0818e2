import { existsSync } from "node:fs";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { cachedPrefix } from "../../addon/libwebp/cache.mjs";
import { findLibwebp } from "../../scripts/setup/libwebp-step.mjs";
import { Reporter } from "../../scripts/setup/reporter.mjs";
import { machineWith } from "./fixtures/machine.js";
import { temporaryFolder } from "./fixtures/temporary-folder.js";

/** Its version; the option that asks for it decides nothing here. */
const COMPILER = { "g++": "echo 12.2.0" };

const SHELL_TOOLS = { mkdir: null, touch: null, chmod: null, flock: null, dirname: null };

/** Leaves what Cargo unpacks of the crate, without anything in it. */
const CARGO_VERSION = '[ "$1" != --version ] || { echo "cargo 1.90.0 (x)"; exit 0; }';
const CARGO = `${CARGO_VERSION}
sources=vendor/libwebp-sys-0.14.4/vendor
mkdir -p $sources/src/webp $sources/src/enc
touch $sources/src/webp/encode.h $sources/src/enc/a.c $sources/COPYING $sources/PATENTS`;

/** Whatever is asked for, a library or the program that trains it, is a program that ends well. */
const NINJA = 'echo "#!/bin/sh" >"$2/$3"; chmod 755 "$2/$3"';

/** A pkg-config that knows a libwebp of this version below the folder. */
const pkgConfig = (folder: string, isNewEnough = true) => `
case "$1" in
  --atleast-version=*) exit ${isNewEnough ? 0 : 1} ;;
  --variable=includedir) echo ${folder}/include ;;
  --libs) echo -L${folder}/lib -lwebp ;;
  --modversion) echo 1.5.0 ;;
esac`;

let output = "";
const reporter = new Reporter({ write: (text: string) => (output += text) });

beforeEach(async () => {
  output = "";
  vi.stubEnv("CXX", "");
  vi.stubEnv("XDG_CACHE_HOME", await temporaryFolder());
});
afterEach(() => void vi.unstubAllEnvs());

describe("libwebp", () => {
  it("is fetched by cargo, built once, and found in the cache from then on", async () => {
    const folder = await machineWith({ ...COMPILER, ...SHELL_TOOLS, cargo: CARGO, ninja: NINJA });
    const built = await findLibwebp(reporter);
    const prefix = await cachedPrefix();
    expect(built).toMatchObject({
      ...{ source: "cache", version: "1.6.0", includeDir: path.join(prefix, "include") },
      libraries: [path.join(prefix, "lib/libwebp.a"), "-lm", "-lpthread"],
    });
    expect(output).toMatch(/^libwebp: building 1\.6\.0, once, kept in .*… [\d.]+ s\n$/);
    expect((await readdir(prefix)).sort()).toEqual(["COPYING", "PATENTS", "include", "lib"]);
    expect((await readdir(path.dirname(prefix))).length).toBe(2);
    await Promise.all(["cargo", "ninja"].map((name) => rm(path.join(folder, name))));
    expect(await findLibwebp(reporter)).toEqual(built);
  });

  it.each([
    [
      "compiler cannot count",
      `[ "$3" != train ] || { echo "error: no counters"; exit 1; }; ${NINJA}`,
      "error: no counters",
    ],
    [
      "trainer fails",
      `${NINJA}; [ "$3" != train ] || echo "echo an error of the page; exit 3" >>"$2/train"`,
      "an error of the page",
    ],
    [
      "compiler cannot use what was counted",
      `case "$2 $3" in *"/trained libwebp.a") echo "error: no plugin"; exit 1 ;; esac; ${NINJA}`,
      "error: no plugin",
    ],
  ])("is built all the same, and said to be without training, where the %s", async (_what, ninja, reason) => {
    await machineWith({ ...COMPILER, ...SHELL_TOOLS, cargo: CARGO, ninja });
    expect(await findLibwebp(reporter)).toMatchObject({ source: "cache" });
    const note = `libwebp: compiled without training (${reason}), so WebP takes a little longer\n`;
    expect(output.slice(output.indexOf("\n") + 1)).toBe(note);
  });

  it("is taken from the machine where there is no cargo", async () => {
    const installed = path.join(await temporaryFolder(), "usr");
    await machineWith({ ...COMPILER, ...SHELL_TOOLS, "pkg-config": pkgConfig(installed) });
    expect(await findLibwebp(reporter)).toBeNull();
    await mkdir(path.join(installed, "include/webp"), { recursive: true });
    await writeFile(path.join(installed, "include/webp/encode.h"), "");
    expect(await findLibwebp(reporter)).toEqual({
      ...{ source: "installed", version: "1.5.0", includeDir: path.join(installed, "include") },
      libraries: [`-L${installed}/lib`, "-lwebp"],
    });
  });

  it("is done without where it is too old and there is no cargo, which is said with the remedy", async () => {
    await machineWith({ ...COMPILER, "pkg-config": pkgConfig("/usr", false) });
    expect(await findLibwebp(reporter)).toBeNull();
    expect(output).toMatch(
      /^libwebp: not built \(cargo not found\), so WebP will be written by sharp, which takes longer; one comes with: .*apt-get install -y libwebp-dev pkg-config\n$/,
    );
  });

  it("is done without where cargo is too old for the crate", async () => {
    await machineWith({ ...COMPILER, cargo: "echo cargo 1.65.0" });
    expect(await findLibwebp(reporter)).toBeNull();
    expect(output).toContain("not built (expected cargo 1.85 or later, found 1.65.0), so");
  });

  it.each([
    [
      "cannot fetch it",
      { cargo: `${CARGO_VERSION}; echo error: no network >&2; exit 101`, ninja: NINJA },
      "error: no network",
    ],
    ["of another time", { cargo: CARGO_VERSION, ninja: NINJA }, "ENOENT: no such file"],
    [
      "whose sources do not compile",
      { cargo: CARGO, ninja: "echo a.c:1: error: odd; exit 1" },
      "a.c:1: error: odd",
    ],
  ])("is done without, and tried again next time, with a cargo %s", async (_what, programs, reason) => {
    await machineWith({ ...COMPILER, ...SHELL_TOOLS, ...programs });
    expect(await findLibwebp(reporter)).toBeNull();
    expect(output).toContain(
      "so WebP will be written by sharp, which takes longer; the next set-up tries again\n",
    );
    expect(output).toMatch(/libwebp: not built \(.*\), so WebP/);
    expect(output).toContain(reason);
    expect(existsSync(await cachedPrefix())).toBe(false);
  });
});
