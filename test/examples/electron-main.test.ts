import { join } from "node:path";
import { PACKAGE_ROOT } from "../../src/package-root.js";
import { describeReader } from "./reader-behaviour.js";

const MAIN = join(PACKAGE_ROOT, "examples", "electron-main", "main.mjs");

describeReader("the main process of an Electron reader", () => (args) => ({
  command: [process.execPath, MAIN, ...args],
  env: process.env,
}));
