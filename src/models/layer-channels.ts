import { CHANNEL_RULES, type Count, MAX_CHANNELS, mismatch } from "./channel-rules.js";
import { ModelError } from "./model-error.js";
import type { Graph, Layer } from "./param-file.js";

/**
 * Channels of a layer's outputs. ncnn itself trusts the graph here: a wrong number of blobs or channels makes it read
 * past the end of its memory.
 *
 * @param inputs channels of the layer's inputs
 * @throws {ModelError} a number of blobs or channels that the layer cannot have, or a layer that is not known
 */
function layerChannels(layer: Layer, inputs: readonly number[]): readonly number[] {
  const rule = CHANNEL_RULES.get(layer.type);
  if (rule === undefined)
    throw new ModelError(`layer ${layer.name} (${layer.type}): this type of layer is not known`);
  const fits = (count: number, [least, most]: Count): boolean => count >= least && count <= most;
  if (!fits(inputs.length, rule.inputs) || !fits(layer.outputs.length, rule.outputs)) {
    const expected = `${rule.inputs.join(" to ")} inputs and ${rule.outputs.join(" to ")} outputs`;
    throw mismatch(layer, expected, `${inputs.length} and ${layer.outputs.length}`);
  }
  // The engine runs tiles of any size: ncnn would compile the network for the one that a hint names.
  if (layer.params.has(30)) throw mismatch(layer, "no size hints (parameter 30)", "some");
  const channels = rule.channels(layer, inputs);
  const most = Math.max(...channels);
  if (most > MAX_CHANNELS) throw mismatch(layer, `at most ${MAX_CHANNELS} channels`, most);
  return channels;
}

/**
 * @returns channels of every blob
 * @throws {ModelError} as layerChannels
 */
export function traceChannels(graph: Graph): ReadonlyMap<string, number> {
  const channels = new Map<string, number>();
  for (const layer of graph.layers) {
    const inputs = layer.inputs.map((blob) => channels.get(blob) ?? 0);
    const found = layerChannels(layer, inputs);
    for (const [index, blob] of layer.outputs.entries()) channels.set(blob, found[index] ?? 0);
  }
  return channels;
}
