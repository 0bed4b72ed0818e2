import { describe } from "vitest";
import { describeClient } from "./client-behaviour.js";
import { announceSkipped } from "./reference-client.js";
import { hasCargo, prepareRustClient, RUST_REMEDY } from "./rust-client.js";

if (hasCargo()) {
  describeClient("the Rust reference client", prepareRustClient);
} else {
  announceSkipped("the Rust reference client", RUST_REMEDY);
  describe.skip(`the Rust reference client: needs ${RUST_REMEDY}`);
}
