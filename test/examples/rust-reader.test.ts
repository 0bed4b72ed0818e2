import { join } from "node:path";
import { describe } from "vitest";
import { PACKAGE_ROOT } from "../../src/package-root.js";
import { announceSkipped, run, SETUP_FOLDER } from "../clients/reference-client.js";
import { hasCargo, RUST_REMEDY } from "../clients/rust-client.js";
import { describeReader, type Reader } from "./reader-behaviour.js";

const FOLDER = join(PACKAGE_ROOT, "examples", "rust-reader");
const TARGET = join(SETUP_FOLDER, "rust-target");

function prepare(): Reader {
  const env = { ...process.env, CARGO_TARGET_DIR: TARGET };
  run({ command: ["cargo", "build", "--release", "--locked"], cwd: FOLDER, env });
  return (args) => ({ command: [join(TARGET, "release", "rust-reader"), ...args], env });
}

if (hasCargo()) {
  describeReader("the Rust reader", prepare);
} else {
  announceSkipped("the Rust reader", RUST_REMEDY);
  describe.skip(`the Rust reader: needs ${RUST_REMEDY}`);
}
