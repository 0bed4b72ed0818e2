import { existsSync } from "node:fs";
import path from "node:path";
import { findExecutable } from "../../scripts/setup/find-executable.mjs";
import { CommandError, runCommand } from "../../scripts/setup/run-command.mjs";
import { LIBWEBP_RELEASE, OLDEST_ACCEPTED_VERSION } from "./release.mjs";

/**
 * A libwebp that the addon can be linked to.
 *
 * @typedef {object} LocatedLibwebp
 * @property {"cache" | "installed"} source
 * @property {string} version
 * @property {string} includeDir the folder for `#include <webp/encode.h>`
 * @property {string[]} libraries arguments for the linker, in link order
 */

/**
 * @param {string} prefix of the project's own build
 * @returns {Promise<LocatedLibwebp | null>} null when it is absent or no longer whole
 */
export async function locateCached(prefix) {
  const includeDir = path.join(prefix, "include");
  const library = path.join(prefix, "lib/libwebp.a");
  if (![path.join(includeDir, "webp/encode.h"), library].every((file) => existsSync(file))) return null;
  return {
    source: "cache",
    version: LIBWEBP_RELEASE.version,
    includeDir,
    libraries: [library, "-lm", "-lpthread"],
  };
}

/**
 * Asks pkg-config, whose own variables (PKG_CONFIG_PATH, ...) count.
 *
 * @returns {Promise<LocatedLibwebp | null>} null when none is installed that is new enough and has its headers
 */
export async function locateInstalled() {
  if (!findExecutable("pkg-config")) return null;
  const ask = async (/** @type {string} */ question) =>
    (await runCommand("pkg-config", [question, "libwebp"])).trim();
  try {
    await ask(`--atleast-version=${OLDEST_ACCEPTED_VERSION}`);
    const includeDir = await ask("--variable=includedir");
    if (!existsSync(path.join(includeDir, "webp/encode.h"))) return null;
    const libraries = (await ask("--libs")).split(/\s+/);
    return { source: "installed", version: await ask("--modversion"), includeDir, libraries };
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return null;
  }
}
