import { once } from "node:events";
import type { Writable } from "node:stream";
import { EXIT, type ExitCode } from "../../protocol/error-codes.js";
import { loadNcnnAddon, type NativeDevice } from "../engine/native.js";
import { type SelectedDevice, selectDevice } from "../engine/select-device.js";

function describe(device: NativeDevice): string {
  const abilities = [
    device.fp16Storage && "fp16 storage",
    device.fp16Arithmetic && "fp16 arithmetic",
    device.int8Storage && "int8",
    device.cooperativeMatrix && "cooperative matrix",
    device.fusedConvolution && "fused convolution",
  ].filter(Boolean);
  return `${device.index}: ${device.name} (${device.type}, ${device.memoryMb} MiB, driver ${device.driver}; ${abilities.join(", ") || "fp32 only"})`;
}

/** @returns one line a device, the CPU last, the one that `--gpu-id auto` takes marked with a star */
export function formatDevices(devices: readonly NativeDevice[], cpu: SelectedDevice): string {
  const chosen = selectDevice(devices, "auto").index;
  const mark = (index: number) => (index === chosen ? "*" : " ");
  const lines = devices.map((device) => `${mark(device.index)} ${describe(device)}`);
  const abilities = cpu.directConvolution ? "fp32, direct convolution" : "fp32";
  const ofCpu = `${mark(cpu.index)} ${cpu.index}: ${cpu.name} (CPU, ${cpu.memoryMb} MiB; ${abilities})`;
  return `${[...lines, ofCpu].join("\n")}\n`;
}

/** Prints the devices as text or as one JSON array. */
export async function runDevices(options: { json: boolean }, output: Writable): Promise<ExitCode> {
  const devices = await loadNcnnAddon().listDevices();
  const cpu = selectDevice(devices, -1);
  const text = options.json ? `${JSON.stringify([...devices, cpu], null, 2)}\n` : formatDevices(devices, cpu);
  output.end(text);
  await once(output, "finish");
  return EXIT.ok;
}
