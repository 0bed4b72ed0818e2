import { readFile } from "node:fs/promises";
import { messageOf } from "../errors.js";
import { traceChannels } from "./layer-channels.js";
import { ModelError } from "./model-error.js";
import type { Graph, Layer } from "./param-file.js";
import { checkWeightFile } from "./weight-file.js";
import { type WeightBlock, weightBlocks } from "./weight-layout.js";
import {
  decodeNumbers,
  encodeTagged,
  type FloatStorage,
  STORAGES,
  type WeightPrecision,
} from "./weight-storage.js";

/** A block of weights as it lies in a .bin file. */
export interface StoredBlock {
  readonly layer: Layer;
  readonly block: WeightBlock;
  readonly precision: WeightPrecision;
  /** All of it: the tag where there is one, the numbers, the zeros that fill up to four bytes. */
  readonly bytes: Uint8Array;
  /** null for int8. */
  readonly numbers: Float32Array | null;
}

const TAG_BYTES = 4;

/**
 * Reads a weight file whole, in the graph's order.
 *
 * @param graph that describeNetwork has accepted
 * @throws {ModelError} as checkWeightFile
 */
export async function readWeights(path: string, graph: Graph): Promise<readonly StoredBlock[]> {
  await checkWeightFile(path, graph);
  const file = await readFile(path).catch((cause: unknown) => {
    throw new ModelError(`cannot read ${path}: ${messageOf(cause)}`, { cause });
  });
  const channels = traceChannels(graph);
  let position = 0;
  const blocks = graph.layers.flatMap((layer) =>
    weightBlocks(layer, channels.get(layer.inputs[0] ?? "") ?? 0).map((block) => {
      const stored = readBlock(file.subarray(position), layer, block);
      position += stored.bytes.length;
      return stored;
    }),
  );
  if (position !== file.length) throw new ModelError(`expected ${path} to keep its length while it is read`);
  return blocks;
}

function readBlock(rest: Uint8Array, layer: Layer, block: WeightBlock): StoredBlock {
  const start = block.storage === "tagged" ? TAG_BYTES : 0;
  const tag = start > 0 ? new DataView(rest.buffer, rest.byteOffset).getUint32(0, true) : 0;
  const { precision, bytes: each } = STORAGES.get(tag) ?? { precision: "fp32", bytes: 4 };
  const length = block.count * each;
  const bytes = rest.subarray(0, start + Math.ceil(length / 4) * 4);
  return {
    layer,
    block,
    precision,
    bytes,
    numbers: decodeNumbers(bytes.subarray(start, start + length), precision),
  };
}

/**
 * Stores weights in another way; biases, slopes and scales stay fp32, int8 weights stay what they are.
 *
 * @returns the bytes of a .bin file
 * @throws {ModelError} a weight too large for the storage
 */
export function storeWeights(blocks: readonly StoredBlock[], storage: FloatStorage): Buffer {
  return Buffer.concat(
    blocks.map(({ layer, block, bytes, numbers }) => {
      if (block.storage !== "tagged" || numbers === null) return bytes;
      try {
        return encodeTagged(numbers, storage);
      } catch (cause) {
        if (!(cause instanceof RangeError)) throw cause;
        throw new ModelError(`the ${block.what} of layer ${layer.name} (${layer.type}): ${cause.message}`, {
          cause,
        });
      }
    }),
  );
}
