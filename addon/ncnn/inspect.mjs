import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { multiarchFolders } from "../../scripts/setup/multiarch.mjs";
import { SetupError } from "../../scripts/setup/setup-error.mjs";
import { OLDEST_ACCEPTED_VERSION } from "./release.mjs";

/**
 * An installed ncnn that the addon can be linked to.
 *
 * @typedef {object} NcnnInstallation
 * @property {string} prefix
 * @property {string} version such as `1.0.20261020`
 * @property {string} includeDir the folder for `#include <ncnn/net.h>`
 * @property {string[]} libraries arguments for the linker, in link order
 */

/** Build options that the addon cannot do without, and why. */
const REQUIRED_OPTIONS = Object.entries({
  NCNN_VULKAN: "GPUs",
  NCNN_SIMPLEVK: "starting without a Vulkan loader",
  NCNN_STRING: "finding blobs by name",
  NCNN_STDIO: "reading model files",
});

const STATIC_LIBRARIES = ["libncnn.a", "libglslang.a", "libglslang-default-resource-limits.a"];

/** @returns {string[]} where installations put libraries, below their prefix */
function libraryFolders() {
  return ["lib", "lib64", ...multiarchFolders().map((name) => `lib/${name}`)];
}

/**
 * @param {string} folder an installation prefix, or the folder of its ncnnConfig.cmake (PREFIX/lib/cmake/ncnn)
 * @returns {string} the prefix; the folder itself when no installation is around it
 */
export function prefixAround(folder) {
  const start = path.resolve(folder);
  if (!existsSync(path.join(start, "ncnnConfig.cmake"))) return start;
  for (let candidate = start; candidate !== path.dirname(candidate); candidate = path.dirname(candidate)) {
    if (existsSync(path.join(candidate, "include/ncnn/platform.h"))) return candidate;
  }
  return start;
}

/** @param {string} prefix @returns {Promise<Map<string, string>>} names and values that ncnn's configuration defined */
async function readDefinitions(prefix) {
  const header = path.join(prefix, "include/ncnn/platform.h");
  if (!existsSync(header)) {
    throw new SetupError(
      `expected an ncnn installation in ${prefix}, found no include/ncnn/platform.h there`,
    );
  }
  const text = await readFile(header, "utf8");
  return new Map(
    [...text.matchAll(/^#define (NCNN_\w+) "?([^"\s]*)"?/gm)].map(([, name = "", value = ""]) => [
      name,
      value,
    ]),
  );
}

/** @param {string} prefix @returns {string[]} */
function linkerArguments(prefix) {
  const folders = libraryFolders().map((folder) => path.join(prefix, folder));
  const folder = folders.find((dir) =>
    ["libncnn.a", "libncnn.so"].some((name) => existsSync(path.join(dir, name))),
  );
  if (!folder) {
    throw new SetupError(`expected libncnn.a or libncnn.so in ${folders.join(", ")}, found neither`);
  }
  const shared = path.join(folder, "libncnn.so");
  const missing = STATIC_LIBRARIES.filter((name) => !existsSync(path.join(folder, name)));
  // An archive needs no file of the prefix at run time, so it is preferred where both are there.
  if (missing.length === 0) {
    return [...STATIC_LIBRARIES.map((name) => path.join(folder, name)), "-fopenmp", "-ldl", "-lpthread"];
  }
  if (existsSync(shared)) return [shared, `-Wl,-rpath,${folder}`, "-fopenmp", "-ldl", "-lpthread"];
  throw new SetupError(
    `expected ${STATIC_LIBRARIES.join(", ")} together in ${folder}, found no ${missing.join(", ")}: ` +
      "a static ncnn must be built with its own glslang (NCNN_SYSTEM_GLSLANG=OFF)",
  );
}

/**
 * Reads from an installation's files whether the addon can use it, and how.
 *
 * @param {string} prefix
 * @returns {Promise<NcnnInstallation>}
 * @throws {SetupError} that says what was expected and what was found
 */
export async function inspectPrefix(prefix) {
  const definitions = await readDefinitions(prefix);
  const version = definitions.get("NCNN_VERSION_STRING") ?? "unknown";
  // Only the last part, the day of the release, tells ncnn's releases apart.
  if (!(Number(version.split(".").at(-1)) >= OLDEST_ACCEPTED_VERSION)) {
    throw new SetupError(
      `expected ncnn 1.0.${OLDEST_ACCEPTED_VERSION} or later in ${prefix}, found ${version}`,
    );
  }
  for (const [option, purpose] of REQUIRED_OPTIONS) {
    if (definitions.get(option) !== "1") {
      throw new SetupError(
        `expected ncnn in ${prefix} built with ${option}=ON (for ${purpose}), found it built without`,
      );
    }
  }
  return { prefix, version, includeDir: path.join(prefix, "include"), libraries: linkerArguments(prefix) };
}
