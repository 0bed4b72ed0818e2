import type { Fraction } from "./fraction.js";
import { traceChannels } from "./layer-channels.js";
import type { Graph } from "./param-file.js";
import { traceForward } from "./spatial-trace.js";

/** Input pixels per element of a blob along each axis. */
export interface BlobSteps {
  readonly x: Fraction;
  readonly y: Fraction;
}

export interface BlobShape {
  readonly channels: number;
  /** null: one value a channel for the whole image. */
  readonly steps: BlobSteps | null;
  /** Elements of all channels per input pixel; 0 for a blob without positions. */
  readonly floatsPerPixel: number;
}

/** Any length: the distances between elements do not depend on it. */
const PROBE_LENGTH = 4096;

/**
 * @returns the shape of every blob of a graph that analyseField has accepted
 * @throws {ModelError} numbers of blobs or channels that do not fit together
 */
export function traceShapes(graph: Graph, inputBlob: string): ReadonlyMap<string, BlobShape> {
  const { extents: xExtents } = traceForward(graph.layers, "x", inputBlob, PROBE_LENGTH);
  const { extents: yExtents } = traceForward(graph.layers, "y", inputBlob, PROBE_LENGTH);
  const shapes = [...traceChannels(graph)].map(([blob, channels]): [string, BlobShape] => {
    const [x, y] = [xExtents.get(blob)?.step, yExtents.get(blob)?.step];
    if (x === undefined || y === undefined) return [blob, { channels, steps: null, floatsPerPixel: 0 }];
    const floatsPerPixel = (channels * x.d * y.d) / (x.n * y.n);
    return [blob, { channels, steps: { x, y }, floatsPerPixel }];
  });
  return new Map(shapes);
}
