import { totalmem } from "node:os";
import { DEFAULT_WORKER_LIMITS } from "../../protocol/limits.js";
import { UpscalerError } from "../errors.js";

const MIB = 2 ** 20;

/** So that any request fits the inputs' share: a quarter of this is the largest frame. */
export const LEAST_MEMORY_MB = 512;

/**
 * The reader, the system and its file cache need most of the memory, and the network's tensors on the CPU and the
 * program itself come on top of what is counted.
 */
const AUTOMATIC_SHARE = 1 / 4;

/** How the memory that pages may take is divided; bytes. */
export interface MemoryShares {
  /** Encoded images of the requests without an answer. */
  readonly inputs: number;
  /** Pixels, and what the codecs take to read and write them. */
  readonly pages: number;
}

/** Of the machine, or of the container where that has less. */
function availableMemory(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}

/**
 * Divides between what waits before the stages, what is in them, and the results that the client has not read yet.
 *
 * @param maxMemoryMb 0 for a quarter of the machine's memory
 */
export function memoryShares(maxMemoryMb: number, available = availableMemory()): MemoryShares {
  const automatic = Math.max(available * AUTOMATIC_SHARE, LEAST_MEMORY_MB * MIB);
  const all = maxMemoryMb > 0 ? maxMemoryMb * MIB : automatic;
  const { maxInFlightBytes, maxUnsentBytes } = DEFAULT_WORKER_LIMITS;
  const inputs = Math.floor(Math.min(maxInFlightBytes, all / 4));
  return { inputs, pages: Math.floor(all) - inputs - maxUnsentBytes };
}

/** How the memory that pages may take is divided between a supervisor and its workers. */
export interface FleetMemory {
  /** Bytes of encoded images of the requests without an answer, which the supervisor keeps. */
  readonly inputs: number;
  /** MiB for each worker, as its `--max-memory`. */
  readonly workerMb: number;
}

/**
 * The supervisor keeps the encoded images, so that it can send them again, and the results that the client has not read;
 * its workers share the rest equally.
 *
 * @param maxMemoryMb 0 for a quarter of the machine's memory, or what the workers need at least
 * @throws {UpscalerError} unsupported_option: too little for so many
 */
export function fleetMemory(
  maxMemoryMb: number,
  workers: number,
  available = availableMemory(),
): FleetMemory {
  const { inputs, pages } = memoryShares(maxMemoryMb, available);
  const workerMb = Math.floor(pages / workers / MIB);
  if (maxMemoryMb > 0 && workerMb < LEAST_MEMORY_MB) {
    throw new UpscalerError(
      "unsupported_option",
      `expected at least ${leastFleetMemory(workers)} for --max-memory with ${workers} workers, received ${maxMemoryMb}`,
    );
  }
  return { inputs, workerMb: Math.max(LEAST_MEMORY_MB, workerMb) };
}

/** @returns MiB, the least of which `memoryShares` leaves every worker enough */
function leastFleetMemory(workers: number): number {
  const { maxInFlightBytes, maxUnsentBytes } = DEFAULT_WORKER_LIMITS;
  const besidesInputs = workers * LEAST_MEMORY_MB + maxUnsentBytes / MIB;
  return Math.ceil(Math.min((besidesInputs * 4) / 3, besidesInputs + maxInFlightBytes / MIB));
}
