import path from "node:path";
import { locateNcnn, thisMachine } from "../../addon/ncnn/locate.mjs";
import { addonStep } from "./addon-step.mjs";
import { libwebpStep } from "./libwebp-step.mjs";
import { withLock } from "./lock.mjs";
import { ncnnStep } from "./ncnn-step.mjs";
import { npmStep } from "./npm-step.mjs";
import { SETUP_DIR } from "./paths.mjs";
import { duration } from "./reporter.mjs";
import { ensureSanitizers } from "./sanitizers.mjs";
import { runStep } from "./step.mjs";
import { ensureClientTools } from "./test-needs.mjs";
import { toolsStep } from "./tools-step.mjs";
import { typescriptStep } from "./typescript-step.mjs";
import { ensureVulkan } from "./vulkan.mjs";

/**
 * Brings a fresh clone to where the worker runs; what is up to date is left alone.
 *
 * @param {"run" | "test"} purpose tests want a Vulkan device and other languages' compilers besides
 * @param {import("./reporter.mjs").Reporter} reporter
 * @throws {import("./setup-error.mjs").SetupError | import("./run-command.mjs").CommandError}
 */
export async function setUp(purpose, reporter) {
  const startedAt = performance.now();
  /** @type {ReturnType<typeof locateNcnn> | undefined} */
  let search;
  const ncnn = () => {
    search ??= locateNcnn(thisMachine((reason) => reporter.note(`ncnn: ${reason}`)));
    return search;
  };
  const steps = [
    toolsStep(reporter, ncnn),
    npmStep(reporter),
    ncnnStep(reporter, ncnn),
    libwebpStep(reporter),
    addonStep(reporter),
    typescriptStep(reporter),
  ];
  const events = {
    onWait: () => reporter.note("set-up: waiting for another set-up of this folder"),
    onUnlocked: (/** @type {string} */ reason) =>
      reporter.note(`set-up: working without a lock (${reason}); do not start another one meanwhile`),
  };
  await withLock(path.join(SETUP_DIR, "lock"), events, async () => {
    for (const [index, step] of steps.entries()) {
      await runStep(step, SETUP_DIR);
      if (index === 0 && purpose === "test") {
        await ensureVulkan(reporter);
        await ensureClientTools(reporter);
        await ensureSanitizers(reporter);
      }
    }
  });
  reporter.note(`set-up: ready, ${duration(performance.now() - startedAt)}`);
}
