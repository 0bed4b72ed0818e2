import { mkdir, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { buildNcnn } from "../../addon/ncnn/build.mjs";
import { cachedPrefix } from "../../addon/ncnn/cache.mjs";
import { locateCached } from "../../addon/ncnn/locate.mjs";
import { NCNN_RELEASE } from "../../addon/ncnn/release.mjs";
import { ensureBuilt } from "./ensure-built.mjs";
import { contentDigest, digest, filesBelow, stateDigest } from "./fingerprint.mjs";
import { NCNN_RECORD, ROOT, SETUP_DIR, withTilde } from "./paths.mjs";
import { readJsonIfWhole } from "./read-json.mjs";
import { ncnnBuildTools, requireTools } from "./tools.mjs";

/** Measured: 6 min 20 s on 2 cores. */
const CORE_MINUTES = 12.7;

/** Variables by which CMake finds an installed ncnn. */
const CMAKE_VARIABLES = ["CMAKE_PREFIX_PATH", "ncnn_DIR", "ncnn_ROOT"];

/** @typedef {import("../../addon/ncnn/locate.mjs").LocatedNcnn} LocatedNcnn */

const ORIGINS = { NCNN_DIR: "that NCNN_DIR names", installed: "of this machine", cache: "from the cache" };

/** @returns {Promise<LocatedNcnn | null>} what the last set-up of this tree found; null: to be found (again) */
export function recordedNcnn() {
  return readJsonIfWhole(NCNN_RECORD);
}

/** @param {LocatedNcnn} ncnn @returns {string[]} files that tell whether the installation is still the same */
export function filesOf(ncnn) {
  return [
    path.join(ncnn.includeDir, "ncnn/platform.h"),
    ...ncnn.libraries.filter((item) => path.isAbsolute(item)),
  ];
}

/**
 * @param {string} prefix
 * @param {import("./reporter.mjs").Reporter} reporter
 */
async function build(prefix, reporter) {
  const cores = os.availableParallelism();
  const minutes = Math.max(1, Math.round(CORE_MINUTES / cores));
  const about = `about ${minutes} minute${minutes > 1 ? "s" : ""} on ${cores} core${cores > 1 ? "s" : ""}`;
  reporter.start(
    "ncnn",
    `building ${NCNN_RELEASE.version} with Vulkan, once: ${about}, kept in ${withTilde(prefix)}`,
  );
  await buildNcnn(prefix, ({ step, done, total }) => reporter.progress(step, done / total));
  reporter.done();
}

/** @param {import("./reporter.mjs").Reporter} reporter @returns {Promise<LocatedNcnn>} */
async function builtNcnn(reporter) {
  await requireTools(ncnnBuildTools(), reporter);
  return ensureBuilt(await cachedPrefix(), {
    locate: locateCached,
    build: (prefix) => build(prefix, reporter),
    onWait: () => reporter.note("ncnn: waiting for another build of it, which this one will use"),
    onUnlocked: (reason) =>
      reporter.note(`ncnn: building without a lock (${reason}); do not start another set-up meanwhile`),
  });
}

/**
 * @param {import("./reporter.mjs").Reporter} reporter
 * @param {() => Promise<LocatedNcnn | null>} locateNcnn null: ncnn must be built
 * @returns {import("./step.mjs").Step}
 */
export function ncnnStep(reporter, locateNcnn) {
  return {
    name: "ncnn",
    inputs: async () =>
      digest([
        process.env.NCNN_DIR ?? "",
        ...CMAKE_VARIABLES.map((name) => process.env[name] ?? ""),
        process.env.NCNN_DIR ? "" : await cachedPrefix(),
        await contentDigest(await filesBelow(path.join(ROOT, "addon/ncnn"))),
      ]),
    products: async () => {
      const ncnn = await recordedNcnn();
      return ncnn && stateDigest([NCNN_RECORD, ...filesOf(ncnn)]);
    },
    run: async () => {
      const ncnn = (await locateNcnn()) ?? (await builtNcnn(reporter));
      await mkdir(SETUP_DIR, { recursive: true });
      await writeFile(NCNN_RECORD, `${JSON.stringify(ncnn, null, 2)}\n`);
      reporter.note(`ncnn: ${ncnn.version} ${ORIGINS[ncnn.source]}, ${withTilde(ncnn.prefix)}`);
    },
  };
}
