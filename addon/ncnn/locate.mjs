import { existsSync } from "node:fs";
import { CommandError } from "../../scripts/setup/run-command.mjs";
import { SetupError } from "../../scripts/setup/setup-error.mjs";
import { cachedPrefix } from "./cache.mjs";
import { inspectPrefix, prefixAround } from "./inspect.mjs";
import { installedCmakeFolder } from "./installed.mjs";

/**
 * @typedef {import("./inspect.mjs").NcnnInstallation & { source: "NCNN_DIR" | "installed" | "cache" }} LocatedNcnn
 */

/**
 * What the search looks at; passed in so that it can be tried without CMake, a compiler or a cache.
 *
 * @typedef {object} Surroundings
 * @property {string | undefined} ncnnDir value of NCNN_DIR
 * @property {() => Promise<string | null>} installedCmakeFolder
 * @property {() => Promise<string>} cachedPrefix
 * @property {(reason: string) => void} onPassedOver told why an installed ncnn is not used
 */

/** @param {(reason: string) => void} onPassedOver @returns {Surroundings} this machine */
export function thisMachine(onPassedOver) {
  return { ncnnDir: process.env.NCNN_DIR, installedCmakeFolder, cachedPrefix, onPassedOver };
}

/** @param {Surroundings} surroundings @returns {Promise<LocatedNcnn | null>} */
async function installedNcnn({ installedCmakeFolder: find, onPassedOver }) {
  try {
    const folder = await find();
    return folder === null ? null : { source: "installed", ...(await inspectPrefix(prefixAround(folder))) };
  } catch (error) {
    if (!(error instanceof SetupError || error instanceof CommandError)) throw error;
    onPassedOver(`the installed ncnn is passed over: ${error.message}`);
    return null;
  }
}

/**
 * Finds the ncnn to link to: NCNN_DIR, else an installed one that CMake finds, else the project's own cached build.
 *
 * @param {Surroundings} surroundings
 * @returns {Promise<LocatedNcnn | null>} null when ncnn must be built
 * @throws {SetupError} when NCNN_DIR is set and cannot be used
 */
export async function locateNcnn(surroundings) {
  const { ncnnDir } = surroundings;
  if (ncnnDir) {
    try {
      return { source: "NCNN_DIR", ...(await inspectPrefix(prefixAround(ncnnDir))) };
    } catch (error) {
      if (!(error instanceof SetupError)) throw error;
      throw new SetupError(
        `NCNN_DIR=${ncnnDir}: ${error.message}`,
        "Set NCNN_DIR to another ncnn, or unset it.",
      );
    }
  }
  const installed = await installedNcnn(surroundings);
  if (installed) return installed;
  return locateCached(await surroundings.cachedPrefix());
}

/**
 * @param {string} prefix of the project's own build
 * @returns {Promise<LocatedNcnn | null>} null when it is absent or no longer whole
 */
export async function locateCached(prefix) {
  if (!existsSync(prefix)) return null;
  try {
    return { source: "cache", ...(await inspectPrefix(prefix)) };
  } catch (error) {
    if (error instanceof SetupError) return null;
    throw error;
  }
}
