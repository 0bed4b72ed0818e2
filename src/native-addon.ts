import { createRequire } from "node:module";
import { join } from "node:path";
import { FatalError, messageOf } from "./errors.js";
import { PACKAGE_ROOT } from "./package-root.js";

const require = createRequire(import.meta.url);

/**
 * @param name target of binding.gyp
 * @returns what the addon exports; the caller types it
 * @throws {FatalError} internal_fatal: the addon is not built, or does not fit this Node.js
 */
export function loadNativeAddon(name: string): unknown {
  const path = join(PACKAGE_ROOT, "build", "Release", `${name}.node`);
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
