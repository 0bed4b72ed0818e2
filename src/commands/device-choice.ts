import { InvalidArgumentError } from "commander";
import { CPU_INDEX } from "../engine/select-device.js";
import type { EngineChoice } from "./engine-options.js";

/** What `--gpu-id` says where several devices may be named: a list means a worker for each. */
export type DeviceChoice = EngineChoice["gpuId"] | readonly number[];

/** What a worker is started with, be it one or a supervisor of several. */
export interface WorkerChoice extends Omit<EngineChoice, "gpuId"> {
  readonly gpuId: DeviceChoice;
}

const LARGEST_INDEX = 255;

/** Each is a process with a model of its own; far more than one host has GPUs for. */
const MOST_DEVICES = 16;

function parseDevice(text: string, expected: string): number {
  const index = Number(text);
  if (!/^-?\d+$/.test(text) || index < CPU_INDEX || index > LARGEST_INDEX) {
    throw new InvalidArgumentError(`expected ${expected}, received '${text}'`);
  }
  return index;
}

/** Parses `--gpu-id` of a command that computes by itself. */
export function parseOneDevice(text: string): EngineChoice["gpuId"] {
  if (text.includes(",")) {
    throw new InvalidArgumentError(
      `expected one device, received '${text}': 'worker', 'upscale', 'bench' and 'bench fleet' take several`,
    );
  }
  return text === "auto" ? text : parseDevice(text, "auto, -1 for the CPU or a Vulkan index");
}

/** Parses `--gpu-id` of a command that works through workers; a list of one is that one. */
export function parseDevices(text: string): DeviceChoice {
  if (!text.includes(",")) return parseOneDevice(text);
  const ids = text.split(",").map((id) => parseDevice(id, "Vulkan indexes or -1 between the commas"));
  const twice = ids.find((id, place) => id !== CPU_INDEX && ids.indexOf(id) !== place);
  if (twice !== undefined) {
    throw new InvalidArgumentError(`expected each GPU once, received ${twice} twice in '${text}'`);
  }
  if (ids.length > MOST_DEVICES) {
    throw new InvalidArgumentError(`expected at most ${MOST_DEVICES} devices, received ${ids.length}`);
  }
  return ids;
}

/** @returns the devices that get a worker each */
export function devicesOf(gpuId: DeviceChoice): readonly EngineChoice["gpuId"][] {
  return typeof gpuId === "object" ? gpuId : [gpuId];
}
