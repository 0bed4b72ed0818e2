import builtAddon = require("./built-addon.cjs");

/** @returns whether the command line starts a worker on a GPU of this process; in doubt no */
function wantsGpu(args: readonly string[]): boolean {
  const [command = "worker", ...options] = args;
  if (command !== "worker") return false;
  return !options.some(
    (option) => /^(-h|--help|--describe|--supervise)$/.test(option) || /-1|,/.test(option),
  );
}

/**
 * Lets the GPU driver start while the program's modules are being read: it takes longer than they do, and what it says
 * is kept. Whatever goes wrong is met again, and told, when the device is opened.
 *
 * @param args the command line behind the program's name
 */
function startDriver(args: readonly string[]): void {
  if (!wantsGpu(args)) return;
  const guard = builtAddon("stdout_guard") as { takeStdout(): number } | null;
  if (guard === null) return;
  // Drivers print. The holder of standard output asks again and gets the same copy.
  guard.takeStdout();
  const engine = builtAddon("bdreader_ncnn") as { listDevices(): Promise<unknown> } | null;
  engine?.listDevices().catch(() => undefined);
}

export = startDriver;
