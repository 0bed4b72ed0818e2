import { join } from "node:path";
import { CLIENTS_FOLDER, type ReferenceClient, run, SETUP_FOLDER, works } from "./reference-client.js";

const FOLDER = join(CLIENTS_FOLDER, "rust");
const TARGET = join(SETUP_FOLDER, "rust-target");
const EXAMPLES = join(TARGET, "release", "examples");

/** Named where the tests are left out. */
export const RUST_REMEDY = "apt-get install -y cargo";

export function hasCargo(): boolean {
  return works(["cargo", "--version"]);
}

/** Builds the client and its examples; quick when nothing has changed. */
export function prepareRustClient(): ReferenceClient {
  const cargo = { cwd: FOLDER, env: { ...process.env, CARGO_TARGET_DIR: TARGET } };
  run({ ...cargo, command: ["cargo", "build", "--release", "--locked", "--lib", "--examples"] });
  return {
    testee: [join(EXAMPLES, "conformance_testee")],
    upscale: (page, output, worker) => [join(EXAMPLES, "upscale"), page, output, ...worker],
    ownTests: [
      { ...cargo, command: ["cargo", "test", "--release", "--locked", "--lib"] },
      // Compiles the program in README.md.
      { ...cargo, command: ["cargo", "test", "--release", "--locked", "--doc"] },
    ],
  };
}
