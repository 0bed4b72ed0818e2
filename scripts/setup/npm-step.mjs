import { readFile, rm } from "node:fs/promises";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import { contentDigest, digest, stateDigest } from "./fingerprint.mjs";
import { ROOT } from "./paths.mjs";
import { runCommand } from "./run-command.mjs";
import { SetupError } from "./setup-error.mjs";

const PACKAGE_FILE = path.join(ROOT, "package.json");
const LOCK_FILE = path.join(ROOT, "package-lock.json");
const NODE_MODULES = path.join(ROOT, "node_modules");

/** Written by npm at the end of every change to node_modules. */
const INSTALLED_LIST = path.join(NODE_MODULES, ".package-lock.json");

/**
 * Takes the versions of the lock file, as `npm ci` does. That one refuses a lock file without the optional packages of
 * every other platform, and a registry that does not serve them all leaves them out. Development dependencies are asked
 * for by name, since NODE_ENV=production would leave them out; scripts of packages are not run, since newer npm does not
 * run them either.
 */
const INSTALL = [
  "install",
  "--no-save",
  "--ignore-scripts",
  "--include=dev",
  "--include=optional",
  "--no-audit",
  "--no-fund",
];

/** @returns {[command: string, args: string[]]} the npm that runs this process, else the one on PATH */
function npmCommand() {
  const running = process.env.npm_execpath;
  if (running && path.basename(running) === "npm-cli.js") return [process.execPath, [running, ...INSTALL]];
  return ["npm", INSTALL];
}

/**
 * A dependency that is not in the lock file would be installed in whatever version is the newest.
 *
 * @param {Record<string, unknown>} manifest content of package.json
 * @param {{ packages: Record<string, Record<string, unknown>> }} lock content of package-lock.json
 * @throws {SetupError} when they list different dependencies
 */
export function checkLockFile(manifest, lock) {
  for (const kind of ["dependencies", "devDependencies"]) {
    if (!isDeepStrictEqual(manifest[kind], lock.packages[""]?.[kind])) {
      throw new SetupError(
        `expected package-lock.json to lock the ${kind} of package.json, found others locked`,
        "Bring it up to date with: npm install --package-lock-only",
      );
    }
  }
}

/** @param {import("./reporter.mjs").Reporter} reporter @returns {import("./step.mjs").Step} */
export function npmStep(reporter) {
  return {
    name: "npm-packages",
    inputs: async () =>
      digest([
        await contentDigest([PACKAGE_FILE, LOCK_FILE, path.join(ROOT, ".npmrc")]),
        process.versions.modules,
        process.platform,
        process.arch,
      ]),
    products: () => stateDigest([INSTALLED_LIST]),
    run: async (again) => {
      const [manifest, lock] = await Promise.all(
        [PACKAGE_FILE, LOCK_FILE].map(async (file) => JSON.parse(await readFile(file, "utf8"))),
      );
      checkLockFile(manifest, lock);
      reporter.start("npm packages", again ? "installing what changed" : "installing");
      // npm takes a package that an interrupted run left half unpacked for a whole one.
      if (!again) await rm(NODE_MODULES, { recursive: true, force: true });
      await runCommand(...npmCommand(), { cwd: ROOT });
      reporter.done();
    },
  };
}
