import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PACKAGE_ROOT } from "./package-root.js";

export const PROGRAM_NAME = "bdreader-ncnn-upscaler";

/** Version of the package, from the one place that has it. */
export const PROGRAM_VERSION: string = (
  JSON.parse(readFileSync(join(PACKAGE_ROOT, "package.json"), "utf8")) as { version: string }
).version;
