import "./setup/require-node.mjs";
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import path from "node:path";
import { filesBelow } from "./setup/fingerprint.mjs";
import { ROOT } from "./setup/paths.mjs";

const { clangFormatPath } = createRequire(import.meta.url)("clang-format-node");

/**
 * @param {readonly string[]} args
 * @param {"inherit" | "ignore"} complaints whether what clang-format says is shown
 * @returns {boolean} whether clang-format had nothing to complain about
 * @throws {Error} when it did not run to its end
 */
function clangFormat(args, complaints) {
  const { status, error } = spawnSync(clangFormatPath, args, {
    cwd: ROOT,
    stdio: ["ignore", "ignore", complaints],
  });
  if (error) throw error;
  if (status === null)
    throw new Error(`expected clang-format to end by itself, a signal ended it (${args.join(" ")})`);
  return status === 0;
}

const check = process.argv.includes("--check");
const files = await filesBelow(path.join(ROOT, "addon"), /\.(cc|h)$/);
if (files.length === 0) throw new Error("expected C++ sources in addon/, found none");

const wrong = files.filter((file) =>
  // Checking complains about every place; the names of the files are enough.
  check ? !clangFormat(["--dry-run", "-Werror", file], "ignore") : !clangFormat(["-i", file], "inherit"),
);
for (const file of wrong) {
  console.error(
    `${path.relative(ROOT, file)}: ${check ? "not formatted, npm run format does it" : "cannot be formatted"}`,
  );
}
console.log(`${files.length} C++ files, ${wrong.length} ${check ? "to be formatted" : "failed"}`);
process.exitCode = wrong.length > 0 ? 1 : 0;
