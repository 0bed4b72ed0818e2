import path = require("node:path");

const PACKAGE_ROOT = path.join(__dirname, "..", "..", "..");

/**
 * @param name target of binding.gyp
 * @returns what the addon exports; null where it is not built, which is told when the program cannot do without
 */
function builtAddon(name: string): unknown {
  try {
    return require(path.join(PACKAGE_ROOT, "build", "Release", `${name}.node`));
  } catch {
    return null;
  }
}

export = builtAddon;
