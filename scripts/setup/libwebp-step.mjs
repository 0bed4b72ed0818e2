import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { buildLibwebp } from "../../addon/libwebp/build.mjs";
import { cachedPrefix } from "../../addon/libwebp/cache.mjs";
import { locateCached, locateInstalled } from "../../addon/libwebp/locate.mjs";
import { LIBWEBP_RELEASE, OLDEST_CARGO } from "../../addon/libwebp/release.mjs";
import { installCommand } from "./apt.mjs";
import { ensureBuilt } from "./ensure-built.mjs";
import { findExecutable } from "./find-executable.mjs";
import { contentDigest, digest, filesBelow, stateDigest } from "./fingerprint.mjs";
import { LIBWEBP_RECORD, ROOT, SETUP_DIR, withTilde } from "./paths.mjs";
import { readJsonIfWhole } from "./read-json.mjs";
import { CommandError, runCommand } from "./run-command.mjs";

/** @typedef {import("../../addon/libwebp/locate.mjs").LocatedLibwebp} LocatedLibwebp */

/** @returns {Promise<LocatedLibwebp | null>} what the last set-up of this tree found; null: none */
export function recordedLibwebp() {
  return readJsonIfWhole(LIBWEBP_RECORD);
}

/** @param {LocatedLibwebp} libwebp @returns {string[]} files that tell whether the installation is still the same */
export function filesOfLibwebp({ includeDir, libraries }) {
  return [path.join(includeDir, "webp/encode.h"), ...libraries.filter((item) => path.isAbsolute(item))];
}

/**
 * @param {import("./reporter.mjs").Reporter} reporter
 * @returns {Promise<LocatedLibwebp>} the project's own build
 * @throws {CommandError} when it cannot be fetched or compiled
 */
async function builtLibwebp(reporter) {
  const prefix = await cachedPrefix();
  return ensureBuilt(prefix, {
    locate: locateCached,
    build: async () => {
      const { version } = LIBWEBP_RELEASE;
      reporter.start("libwebp", `building ${version}, once, kept in ${withTilde(prefix)}`);
      /** @type {string[]} */
      const problems = [];
      await buildLibwebp(prefix, (error) => void problems.push(complaint(error)));
      reporter.done();
      for (const problem of problems)
        reporter.note(`libwebp: compiled without training (${problem}), so WebP takes a little longer`);
    },
    onWait: () => reporter.note("libwebp: waiting for another build of it, which this one will use"),
    onUnlocked: (reason) =>
      reporter.note(`libwebp: building without a lock (${reason}); do not start another set-up meanwhile`),
  });
}

/**
 * @param {unknown} error of a program, or of the file system
 * @returns {string} what tells most of it
 * @throws the error when it is a fault of the set-up itself
 */
function complaint(error) {
  if (error instanceof CommandError) {
    const lines = error.output.split("\n").map((line) => line.trim());
    return lines.find((line) => /error/i.test(line)) ?? error.message.split("\n")[0] ?? error.message;
  }
  if (error instanceof Error && "syscall" in error) return error.message;
  throw error;
}

/** @returns {Promise<string | null>} why cargo cannot fetch the sources; null when it may try */
async function cargoProblem() {
  if (!findExecutable("cargo")) return "cargo not found";
  const [, version = "unknown"] = /^cargo (\S+)/m.exec(await runCommand("cargo", ["--version"])) ?? [];
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const { major: leastMajor, minor: leastMinor } = OLDEST_CARGO;
  const isEnough = major > leastMajor || (major === leastMajor && minor >= leastMinor);
  return isEnough ? null : `expected cargo ${leastMajor}.${leastMinor} or later, found ${version}`;
}

/**
 * @param {import("./reporter.mjs").Reporter} reporter
 * @returns {Promise<{ libwebp: LocatedLibwebp } | { libwebp: null, problem: string, isPassing: boolean }>} isPassing: it
 *   may be gone the next time, as a network that is down
 */
async function tryToBuild(reporter) {
  try {
    const problem = await cargoProblem();
    if (problem !== null) return { libwebp: null, problem, isPassing: false };
    return { libwebp: await builtLibwebp(reporter) };
  } catch (error) {
    return { libwebp: null, problem: complaint(error), isPassing: true };
  }
}

/**
 * Says what is missing and how to bring it: without libwebp pages are written by sharp, which is only slower.
 *
 * @param {import("./reporter.mjs").Reporter} reporter
 * @returns {Promise<LocatedLibwebp | null>}
 */
export async function findLibwebp(reporter) {
  const cached = await locateCached(await cachedPrefix());
  if (cached) return cached;
  const build = await tryToBuild(reporter);
  if (build.libwebp) return build.libwebp;
  const installed = await locateInstalled();
  if (!installed) {
    const effect = "WebP will be written by sharp, which takes longer";
    const remedy = build.isPassing
      ? "the next set-up tries again"
      : `one comes with: ${installCommand(["libwebp-dev", "pkg-config"])}`;
    reporter.note(`libwebp: not built (${build.problem}), so ${effect}; ${remedy}`);
  }
  return installed;
}

/**
 * The one step that may end without a product.
 *
 * @param {import("./reporter.mjs").Reporter} reporter
 * @returns {import("./step.mjs").Step}
 */
export function libwebpStep(reporter) {
  return {
    name: "libwebp",
    inputs: async () =>
      digest([await cachedPrefix(), await contentDigest(await filesBelow(path.join(ROOT, "addon/libwebp")))]),
    products: async () => {
      const libwebp = await recordedLibwebp();
      return libwebp && stateDigest([LIBWEBP_RECORD, ...filesOfLibwebp(libwebp)]);
    },
    run: async () => {
      const libwebp = await findLibwebp(reporter);
      await mkdir(SETUP_DIR, { recursive: true });
      await writeFile(LIBWEBP_RECORD, `${JSON.stringify(libwebp, null, 2)}\n`);
      if (libwebp === null) return "unfinished";
      const origin = libwebp.source === "cache" ? "from the cache" : "of this machine";
      reporter.note(`libwebp: ${libwebp.version} ${origin}, ${withTilde(path.dirname(libwebp.includeDir))}`);
      return undefined;
    },
  };
}
