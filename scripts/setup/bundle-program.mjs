import { copyFile, mkdir, readdir } from "node:fs/promises";
import path from "node:path";
import { phaseGroups } from "./bundle-phases.mjs";

/** What a worker reads before its first page and what can be read as one: no native code, no files of its own. */
const BUNDLED = ["commander", "msgpackr", "zod"];

/** @param {string} id as it is imported @returns {string | null} name of the package; null for a file */
function packageOf(id) {
  return /^(?![./]|node:)(@[^/]+\/)?[^/]+/.exec(id)?.[0] ?? null;
}

/**
 * The licences of what was bundled have to go with it.
 *
 * @param {readonly string[]} modules paths of all that was bundled
 * @param {string} folder
 */
async function copyLicences(modules, folder) {
  const roots = new Set(modules.map((file) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0]));
  await mkdir(folder, { recursive: true });
  for (const root of roots) {
    if (root === undefined) continue;
    const licence = (await readdir(root)).find((name) => /^licen[cs]e/i.test(name));
    if (licence === undefined) throw new Error(`expected a licence in ${root}, which is bundled`);
    await copyFile(path.join(root, licence), path.join(folder, `${path.basename(root)}.txt`));
  }
}

/**
 * Puts a program's modules together into few files, in place of its entry and in `program/` beside it: reading some
 * hundred files one by one takes longer than running them. What the compiler wrote beside them stays as it is, and
 * compiling again brings back an entry that reads it.
 *
 * @param {string} entry an ES module that was compiled just now
 * @param {readonly import("./bundle-phases.mjs").Phase[]} phases of the start that has to be quick: one file each, since
 *   every file takes some milliseconds
 */
export async function bundleProgram(entry, phases = []) {
  // Not installed yet when the set-up starts.
  const { rolldown } = await import("rolldown");
  const bundle = await rolldown({
    input: entry,
    platform: "node",
    external: (id) => {
      const name = packageOf(id);
      return name !== null && !BUNDLED.includes(name);
    },
    onLog: (level, log) => {
      if (level === "warn") throw new Error(`cannot bundle ${entry}: ${log.message}`);
    },
  });
  const folder = path.dirname(entry);
  /** @type {import("rolldown").OutputOptions} */
  const options = {
    dir: folder,
    format: "esm",
    entryFileNames: "[name].js",
    chunkFileNames: "program/[name]-[hash].js",
    sourcemap: true,
    sourcemapExcludeSources: true,
  };
  const { output: split } = await bundle.generate(options);
  const chunks = split.filter((file) => file.type === "chunk");
  const groups = phaseGroups(chunks, phases, (module) => path.resolve(folder, module));
  const { output } = await bundle.write({ ...options, codeSplitting: { groups } });
  await bundle.close();
  const modules = output.flatMap((file) => (file.type === "chunk" ? file.moduleIds : []));
  await copyLicences(modules, path.join(folder, "program", "licences"));
}
