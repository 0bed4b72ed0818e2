import util = require("node:util");
import builtAddon = require("./built-addon.cjs");

/** What of the engine's addon is needed here, see NativeAddon. */
interface DriverAddon {
  openDevice(device: number | "auto"): Promise<void>;
}

const OPTIONS = {
  "gpu-id": { type: "string", short: "g", default: "auto" },
  help: { type: "boolean", short: "h" },
  version: { type: "boolean", short: "V" },
  describe: { type: "boolean" },
  supervise: { type: "boolean" },
} as const;

/**
 * @param args the command line behind the program's name
 * @returns `--gpu-id` of a worker that computes on a GPU in this process; null for all else, and in doubt
 */
function gpuOf(args: readonly string[]): number | "auto" | null {
  const [command = "worker"] = args;
  // The worker is what an option without a command is for.
  if (command !== "worker" && !command.startsWith("-")) return null;
  // Not strict: the other options are not known here. What is wrong is refused when all of them are read.
  const { values } = util.parseArgs({
    args: [...args],
    options: OPTIONS,
    strict: false,
    allowPositionals: true,
  });
  if (values.help || values.version || values.describe || values.supervise) return null;
  const id = values["gpu-id"];
  if (id === "auto") return id;
  return typeof id === "string" && /^\d+$/.test(id) ? Number(id) : null;
}

/**
 * Lets the GPU driver start and open the device that will be used, while the program's modules are being read: it takes
 * longer than they do. Whatever goes wrong is met again, and told, when the device is opened by the engine.
 *
 * @param args the command line behind the program's name
 */
function startDriver(args: readonly string[]): void {
  const gpu = gpuOf(args);
  if (gpu === null) return;
  const guard = builtAddon("stdout_guard") as { takeStdout(): number } | null;
  if (guard === null) return;
  // Drivers print. The holder of standard output asks again and gets the same copy.
  guard.takeStdout();
  const engine = builtAddon("bdreader_ncnn") as DriverAddon | null;
  engine?.openDevice(gpu).catch(() => undefined);
}

export = startDriver;
