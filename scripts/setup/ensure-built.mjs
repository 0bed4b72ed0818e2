import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { withLock } from "./lock.mjs";

/**
 * @param {string} prefix
 * @returns {[workDir: string, installed: string]} folders beside `prefix` that only a build that was cut off leaves behind
 */
export function leftoversOf(prefix) {
  return [`${prefix}.build`, `${prefix}.installed`];
}

/**
 * Provides a product that takes long to build and that several set-ups may want at once: one of them builds, the others
 * wait and use what it built. A product that is there but not whole is replaced.
 *
 * @template Product
 * @param {string} prefix the product's folder; its lock lies beside it
 * @param {object} how
 * @param {(prefix: string) => Promise<Product | null>} how.locate null when the product is absent or not whole
 * @param {(prefix: string) => Promise<void>} how.build leaves the whole product in `prefix`, or nothing
 * @param {() => void} how.onWait somebody else is building
 * @param {(reason: string) => void} how.onUnlocked locking is impossible here
 * @returns {Promise<Product>}
 */
export async function ensureBuilt(prefix, { locate, build, onWait, onUnlocked }) {
  const before = await locate(prefix);
  if (before && !leftoversOf(prefix).some((folder) => existsSync(folder))) return before;
  return withLock(`${prefix}.lock`, { onWait, onUnlocked }, async () => {
    const built = await locate(prefix);
    if (built) {
      await Promise.all(leftoversOf(prefix).map((folder) => rm(folder, { recursive: true, force: true })));
      return built;
    }
    await rm(prefix, { recursive: true, force: true });
    await build(prefix);
    const fresh = await locate(prefix);
    if (!fresh) throw new Error(`expected the build to leave a whole product in ${prefix}, found none`);
    return fresh;
  });
}
