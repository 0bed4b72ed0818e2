import { cxxCompiler } from "../../addon/ncnn/cache.mjs";
import { findExecutable } from "./find-executable.mjs";
import { digest } from "./fingerprint.mjs";
import { addonTools, ncnnBuildTools, requireTools } from "./tools.mjs";

/**
 * Names every missing tool at once and before the slow steps; those that build ncnn only when it must be built.
 *
 * @param {import("./reporter.mjs").Reporter} reporter
 * @param {() => Promise<object | null>} locateNcnn null: ncnn must be built
 * @returns {import("./step.mjs").Step}
 */
export function toolsStep(reporter, locateNcnn) {
  const compiler = cxxCompiler();
  const commands = [compiler, "ninja", "python3"];
  return {
    name: "tools",
    inputs: async () => digest([process.version, ...commands]),
    products: async () => {
      const paths = commands.map((command) => findExecutable(command));
      return paths.every((path) => path !== null) ? digest(paths) : null;
    },
    run: async () => {
      // Without a compiler only NCNN_DIR can be looked up: CMake finds nothing, and which cached build fits is unknown.
      const ncnn = process.env.NCNN_DIR || findExecutable(compiler) ? await locateNcnn() : null;
      await requireTools(ncnn ? addonTools() : [...addonTools(), ...ncnnBuildTools()], reporter);
    },
  };
}
