import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { FatalError, messageOf } from "./errors.js";
import { PACKAGE_ROOT } from "./package-root.js";

const require = createRequire(import.meta.url);

const pathOf = (name: string): string => join(PACKAGE_ROOT, "build", "Release", `${name}.node`);

/** @returns whether the addon was built, for one that the program can do without */
export function hasNativeAddon(name: string): boolean {
  return existsSync(pathOf(name));
}

/**
 * @param name target of binding.gyp
 * @returns what the addon exports; the caller types it
 * @throws {FatalError} internal_fatal: the addon is not built, or does not fit this Node.js
 */
export function loadNativeAddon(name: string): unknown {
  const path = pathOf(name);
  try {
    return require(path);
  } catch (cause) {
    throw new FatalError(
      "internal_fatal",
      `cannot load the native addon ${path}: run 'npm run setup' in ${PACKAGE_ROOT}, which builds it for this Node.js`,
      { detail: messageOf(cause), cause },
    );
  }
}
