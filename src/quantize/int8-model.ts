import type { ResolvedModel } from "../models/catalogue.js";
import { ModelError } from "../models/model-error.js";
import { readTextFile } from "../models/model-files.js";
import { readNetworkFile } from "../models/network-file.js";
import { type Graph, type Layer, MAX_PARAM_FILE_BYTES } from "../models/param-file.js";
import { readWeights, type StoredBlock } from "../models/stored-weights.js";
import { encodeFloats, INT8_TAG, withTag } from "../models/weight-storage.js";
import type { ModelBytes } from "../models/write-model.js";
import { quantizeWeights } from "./int8-weights.js";

/** A network that is to be quantized, in memory. */
export interface FloatModel {
  readonly paramText: string;
  readonly graph: Graph;
  readonly blocks: readonly StoredBlock[];
}

/** The largest input magnitude of each layer that becomes int8, by the layer's name. */
export type InputThresholds = ReadonlyMap<string, number>;

const LARGEST = 127;
const SCALES_KEY = 8;
/** ncnn's mark for one scale an output channel and one for the input. */
const SCALES_TERM = 2;
const HEADER_LINES = 2;

/** @throws {ModelError} damaged files, or a model that is int8 already */
export async function readFloatModel(model: ResolvedModel): Promise<FloatModel> {
  if (model.int8Layers > 0) {
    throw new ModelError(
      `expected a model without int8 layers, received ${model.name} with ${model.int8Layers}`,
    );
  }
  const { graph } = await readNetworkFile(model.paramPath);
  const paramText = await readTextFile(model.paramPath, MAX_PARAM_FILE_BYTES);
  return { paramText, graph, blocks: await readWeights(model.binPath, graph) };
}

/** @returns the layers that can be computed in int8: convolutions that are not grouped and whose weights are in the file */
export function quantizableLayers({ graph, blocks }: FloatModel): readonly Layer[] {
  const withWeights = new Set(blocks.map(({ layer }) => layer));
  return graph.layers.filter((layer) => layer.type === "Convolution" && withWeights.has(layer));
}

/**
 * Writes the layers that have a threshold as int8, and all others as they are.
 *
 * @param thresholds of quantizableLayers
 */
export function int8Model(model: FloatModel, thresholds: InputThresholds): ModelBytes {
  const lines = model.paramText.split("\n");
  for (const [at, { name }] of model.graph.layers.entries()) {
    if (thresholds.has(name)) lines[HEADER_LINES + at] = withScalesTerm(lines[HEADER_LINES + at] ?? "");
  }
  const bin = model.graph.layers.flatMap((layer) => {
    const blocks = model.blocks.filter((block) => block.layer === layer);
    const threshold = thresholds.get(layer.name);
    return threshold === undefined ? blocks.map(({ bytes }) => bytes) : int8Blocks(layer, blocks, threshold);
  });
  return { param: Buffer.from(lines.join("\n")), bin: Buffer.concat(bin) };
}

function withScalesTerm(line: string): string {
  const words = line.trimEnd().split(/\s+/);
  return [...words.filter((word) => word !== `${SCALES_KEY}=0`), `${SCALES_KEY}=${SCALES_TERM}`].join(" ");
}

/** Weights, then bias, then the weights' scales, then the input's. */
function int8Blocks(layer: Layer, blocks: readonly StoredBlock[], threshold: number): readonly Uint8Array[] {
  const [weights, ...others] = blocks;
  if (!weights?.numbers) throw new ModelError(`expected layer ${layer.name} to have weights that are floats`);
  const { data, scales } = quantizeWeights(weights.numbers, layer.params.int(0, 0));
  return [
    withTag(INT8_TAG, new Uint8Array(data.buffer)),
    ...others.map(({ bytes }) => bytes),
    encodeFloats(scales),
    encodeFloats([LARGEST / threshold]),
  ];
}
