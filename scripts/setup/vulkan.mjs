import { existsSync, readdirSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { multiarchFolders } from "./multiarch.mjs";
import { ensureForTests } from "./test-needs.mjs";

/** The loader and Mesa's lavapipe, a Vulkan device in software. */
const PACKAGES = ["libvulkan1", "mesa-vulkan-drivers"];

const LOADER = "libvulkan.so.1";

/** @param {NodeJS.ProcessEnv} env @returns {string[]} */
function libraryFolders(env) {
  const listed = (env.LD_LIBRARY_PATH ?? "").split(":").filter((folder) => folder !== "");
  const folders = multiarchFolders().map((name) => `/usr/lib/${name}`);
  return [...listed, ...folders, "/usr/local/lib", "/usr/lib64", "/usr/lib"];
}

/** Where the Vulkan loader looks for drivers. @param {NodeJS.ProcessEnv} env @returns {string[]} */
function driverFolders(env) {
  const home = env.HOME ?? os.homedir();
  const bases = [
    env.XDG_CONFIG_HOME || path.join(home, ".config"),
    ...(env.XDG_CONFIG_DIRS || "/etc/xdg").split(":"),
    "/usr/local/etc",
    "/etc",
    env.XDG_DATA_HOME || path.join(home, ".local/share"),
    ...(env.XDG_DATA_DIRS || "/usr/local/share:/usr/share").split(":"),
  ];
  return bases.map((base) => path.join(base, "vulkan/icd.d"));
}

/** @param {string} folder @returns {boolean} */
function hasDriver(folder) {
  return existsSync(folder) && readdirSync(folder).some((name) => name.endsWith(".json"));
}

/**
 * What of a Vulkan installation is absent, by the files that the Vulkan loader itself looks for.
 *
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {string[]} empty when a loader and at least one driver are there
 */
export function missingVulkanParts(env = process.env) {
  const missing = [];
  if (!libraryFolders(env).some((folder) => existsSync(path.join(folder, LOADER)))) missing.push(LOADER);
  const named = env.VK_DRIVER_FILES || env.VK_ICD_FILENAMES;
  const found = named
    ? named.split(":").some((file) => existsSync(file))
    : driverFolders(env).some(hasDriver);
  if (!found) missing.push("a Vulkan driver (vulkan/icd.d/*.json)");
  return missing;
}

/**
 * Sees to a Vulkan device for the tests, in software if need be.
 *
 * @param {import("./reporter.mjs").Reporter} reporter
 */
export async function ensureVulkan(reporter) {
  await ensureForTests(
    { what: "Vulkan device", missing: missingVulkanParts(), packages: PACKAGES },
    reporter,
  );
}
