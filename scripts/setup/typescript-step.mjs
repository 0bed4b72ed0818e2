import { chmod, rm } from "node:fs/promises";
import path from "node:path";
import { bundleProgram } from "./bundle-program.mjs";
import { contentDigest, filesBelow, stateDigest } from "./fingerprint.mjs";
import { ROOT } from "./paths.mjs";
import { CommandError, runCommand } from "./run-command.mjs";
import { SetupError } from "./setup-error.mjs";

const DIST = path.join(ROOT, "dist");

/** The package's `bin`, which a package manager links to as it is. */
const ENTRY = path.join(DIST, "src/main.cjs");

/** What the entry imports when threads and driver are on their way. */
const PROGRAM = path.join(DIST, "src/cli.js");

/**
 * A worker's start: until its client is greeted, until its model is being loaded, until it takes pages. A supervisor needs
 * some of the last one's modules, but must not have the codecs among them in its process: it belongs before them.
 */
const PHASES = [
  { name: "greeting", modules: ["cli.js", "commands/worker.js"] },
  { name: "engine", modules: ["commands/open-engine.js", "commands/supervise.js"] },
  { name: "codecs", modules: ["commands/open-stages.js"] },
];

const BUNDLER = ["bundle-program.mjs", "bundle-phases.mjs", "typescript-step.mjs"].map((name) =>
  path.join(ROOT, "scripts/setup", name),
);

/** @returns {Promise<string>} */
async function inputs() {
  const sources = await Promise.all(
    ["src", "protocol"].map((folder) => filesBelow(path.join(ROOT, folder), /\.c?ts$/)),
  );
  const settings = ["tsconfig.json", "tsconfig.build.json", "package-lock.json"].map((name) =>
    path.join(ROOT, name),
  );
  return contentDigest([...settings, ...BUNDLER, ...sources.flat()]);
}

/** @param {import("./reporter.mjs").Reporter} reporter @returns {import("./step.mjs").Step} */
export function typescriptStep(reporter) {
  return {
    name: "typescript",
    inputs,
    products: async () => stateDigest([ENTRY, ...(await filesBelow(DIST))]),
    run: async () => {
      reporter.start("TypeScript", "compiling");
      // The compiler leaves files behind whose source is gone.
      await rm(DIST, { recursive: true, force: true });
      const tsc = path.join(ROOT, "node_modules/typescript/bin/tsc");
      try {
        await runCommand(process.execPath, [tsc, "-p", "tsconfig.build.json"], { cwd: ROOT });
      } catch (error) {
        if (!(error instanceof CommandError)) throw error;
        throw new SetupError(`the TypeScript sources do not compile:\n${error.output.trim()}`);
      }
      await bundleProgram(PROGRAM, PHASES);
      await chmod(ENTRY, 0o755);
      reporter.done();
    },
  };
}
