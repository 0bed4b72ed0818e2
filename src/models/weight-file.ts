import { type FileHandle, open } from "node:fs/promises";
import { messageOf } from "../errors.js";
import { traceChannels } from "./layer-channels.js";
import { ModelError } from "./model-error.js";
import type { Graph, Layer } from "./param-file.js";
import { type WeightBlock, weightBlocks } from "./weight-layout.js";
import { FP32, STORAGES, type WeightPrecision, type WeightStorage } from "./weight-storage.js";

/** What walking a .bin file found. */
export interface WeightSummary {
  /** The coarsest storage of any layer's weights; biases and slopes are always fp32. */
  readonly precision: WeightPrecision;
  /** Numbers in the file, scales of int8 weights included. */
  readonly count: number;
}

const COARSENESS: readonly WeightPrecision[] = ["fp32", "bf16", "fp16", "int8"];
const CHUNK_BYTES = 1024 * 1024;

/**
 * Walks the weights in the graph's order and demands that they are there, are numbers, and make up the whole file. ncnn
 * takes what it finds: a file of another network would give noise, a NaN black pages.
 *
 * @param path of the .bin file
 * @param graph that describeNetwork has accepted
 * @throws {ModelError} unreadable, too short, too long, stored in an unknown way, or with a number that is not finite
 */
export async function checkWeightFile(path: string, graph: Graph): Promise<WeightSummary> {
  const channels = traceChannels(graph);
  try {
    await using file = await open(path);
    const reader = new WeightReader(file, (await file.stat()).size);
    for (const layer of graph.layers) {
      for (const block of weightBlocks(layer, channels.get(layer.inputs[0] ?? "") ?? 0))
        await reader.read(layer, block);
    }
    return reader.finish();
  } catch (cause) {
    if (cause instanceof ModelError) throw new ModelError(`${path}: ${cause.message}`, { cause });
    throw new ModelError(`cannot read ${path}: ${messageOf(cause)}`, { cause });
  }
}

/** Reads a file from its start to its end in chunks of bounded size. */
class WeightReader {
  readonly #file: FileHandle;
  readonly #size: number;
  readonly #chunk = new Uint8Array(CHUNK_BYTES);
  #position = 0;
  #count = 0;
  #precision: WeightPrecision = "fp32";

  constructor(file: FileHandle, size: number) {
    this.#file = file;
    this.#size = size;
  }

  async read(layer: Layer, block: WeightBlock): Promise<void> {
    const storage = block.storage === "tagged" ? await this.#readTag(layer, block) : FP32;
    const bytes = block.count * storage.bytes;
    // Every block starts at a multiple of four bytes.
    this.#expectLeft(layer, block, Math.ceil(bytes / 4) * 4);
    for (let done = 0; done < bytes; done += CHUNK_BYTES) {
      const chunk = await this.#next(Math.min(CHUNK_BYTES, bytes - done));
      const at = firstNotFinite(chunk, storage);
      if (at >= 0) {
        throw new ModelError(
          `expected finite numbers in the ${block.what} of layer ${layer.name} (${layer.type}), received a NaN or an infinity at ${done / storage.bytes + at}`,
        );
      }
    }
    this.#position = Math.ceil(this.#position / 4) * 4;
    this.#count += block.count;
  }

  finish(): WeightSummary {
    if (this.#position !== this.#size) {
      throw new ModelError(
        `expected ${this.#position} bytes of weights as the graph says, received ${this.#size}: the files are not of one model, or damaged`,
      );
    }
    return { precision: this.#precision, count: this.#count };
  }

  async #readTag(layer: Layer, block: WeightBlock): Promise<WeightStorage> {
    this.#expectLeft(layer, block, 4);
    const tag = toView(await this.#next(4)).getUint32(0, true);
    const storage = STORAGES.get(tag);
    if (storage === undefined) {
      throw new ModelError(
        `expected the ${block.what} of layer ${layer.name} (${layer.type}) to be stored as fp32, fp16, bf16 or int8, received the mark 0x${tag.toString(16)}: the files are not of one model, or damaged`,
      );
    }
    const { precision } = storage;
    if (precision === "int8" && !block.takesInt8)
      throw new ModelError(
        `expected int8 scales for the int8 ${block.what} of layer ${layer.name} (${layer.type})`,
      );
    if (COARSENESS.indexOf(precision) > COARSENESS.indexOf(this.#precision)) this.#precision = precision;
    return storage;
  }

  #expectLeft(layer: Layer, block: WeightBlock, bytes: number): void {
    const left = this.#size - this.#position;
    if (bytes > left) {
      throw new ModelError(
        `expected ${bytes} bytes for the ${block.what} of layer ${layer.name} (${layer.type}), received ${left}: the file is truncated, or the files are not of one model`,
      );
    }
  }

  async #next(bytes: number): Promise<Uint8Array> {
    let filled = 0;
    while (filled < bytes) {
      const { bytesRead } = await this.#file.read(
        this.#chunk,
        filled,
        bytes - filled,
        this.#position + filled,
      );
      if (bytesRead === 0) throw new ModelError("expected the file to keep its length while it is read");
      filled += bytesRead;
    }
    this.#position += bytes;
    return this.#chunk.subarray(0, bytes);
  }
}

function toView(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** @returns index of the first NaN or infinity, -1 without one */
function firstNotFinite(chunk: Uint8Array, { bytes, exponent }: WeightStorage): number {
  if (exponent === 0) return -1;
  const view = toView(chunk);
  for (let at = 0; at < chunk.length; at += bytes) {
    const bits = bytes === 4 ? view.getUint32(at, true) : view.getUint16(at, true);
    if ((bits & exponent) === exponent) return at / bytes;
  }
  return -1;
}
