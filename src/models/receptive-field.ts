import { add, equal, type Fraction, fraction, leastCommonMultiple } from "./fraction.js";
import type { Axis } from "./layer-geometry.js";
import { ModelError } from "./model-error.js";
import type { Graph, Layer } from "./param-file.js";
import { type Extent, type Trace, traceBackward, traceForward } from "./spatial-trace.js";

/** Input pixels that the outputs of a tile depend on beyond the tile itself, per side. */
export interface Context {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** How a network's output relates to its input in space. */
export interface FieldGeometry {
  /** Output pixels per input pixel. */
  readonly scale: number;
  /** Input pixels per side that the output does not cover; 0 for networks that pad inside. */
  readonly consumed: number;
  readonly context: Context;
  /** Tiles that start at, and are as long as, multiples of this many input pixels see the same strides everywhere. */
  readonly alignment: number;
  /** A global mean feeds back into the image: outputs depend on all of the input, though weakly beyond `context`. */
  readonly globalContext: boolean;
}

const MAX_SCALE = 8;
/** As of networks that halve their input five times; bounds how many input lengths are tried. */
const MAX_ALIGNMENT = 32;
/** A network that needs more than this on one side is no use in tiles. */
const MAX_CONTEXT = 1024;
/** Long enough that both ends of a tile are further apart than any context. */
const PROBE_LENGTH = 4 * MAX_CONTEXT;

/**
 * Finds what a tile must bring along so that its output is what the whole image would give: walks the graph backward
 * from an interval of outputs to the interval of inputs it is computed from, in exact integers.
 *
 * @throws {ModelError} the network cannot be run in tiles, or scales by something else than a whole number up to 8
 */
export function analyseField(graph: Graph, inputBlob: string, outputBlob: string): FieldGeometry {
  const layers = ancestors(graph, outputBlob);
  const x = analyseAxis(layers, "x", inputBlob, outputBlob);
  const y = analyseAxis(layers, "y", inputBlob, outputBlob);
  if (x.scale !== y.scale || x.consumed !== y.consumed) {
    throw new ModelError(
      `expected equal scale and padding along both axes, received ${x.scale}x and ${x.consumed} px against ${y.scale}x and ${y.consumed} px`,
    );
  }
  return {
    scale: x.scale,
    consumed: x.consumed,
    context: { left: x.before, right: x.after, top: y.before, bottom: y.after },
    alignment: leastCommonMultiple(x.alignment, y.alignment),
    globalContext: x.globalContext,
  };
}

/** The layers that `outputBlob` is computed from, in the graph's order. */
function ancestors(graph: Graph, outputBlob: string): readonly Layer[] {
  const wanted = new Set([outputBlob]);
  const found: Layer[] = [];
  for (const layer of graph.layers.toReversed()) {
    if (!layer.outputs.some((blob) => wanted.has(blob))) continue;
    found.push(layer);
    for (const blob of layer.inputs) wanted.add(blob);
  }
  return found.toReversed();
}

interface AxisGeometry {
  readonly scale: number;
  readonly consumed: number;
  readonly before: number;
  readonly after: number;
  readonly alignment: number;
  readonly globalContext: boolean;
}

function analyseAxis(
  layers: readonly Layer[],
  axis: Axis,
  inputBlob: string,
  outputBlob: string,
): AxisGeometry {
  const probe = (size: number): Trace => traceForward(layers, axis, inputBlob, size);
  const first = probe(PROBE_LENGTH);
  const output = spatialOutput(first, outputBlob);
  const scale = output.step.d;
  if (output.step.n !== 1 || scale > MAX_SCALE) {
    throw new ModelError(
      `expected a network that scales by 1 to ${MAX_SCALE}, received ${output.step.d}/${output.step.n} along ${axis}`,
    );
  }
  const alignment = periodOf(first);
  const { total, trace, tile } = findConsumption(probe, outputBlob, scale, alignment);
  const left = consumedBefore(spatialOutput(trace, outputBlob).origin, scale, total, axis);
  const needed = traceBackward(layers, trace, outputBlob, { from: 0, to: scale * tile - 1 }).get(inputBlob);
  if (needed === undefined)
    throw new ModelError(`expected blob ${outputBlob} to depend on blob ${inputBlob}`);
  const before = Math.max(left - needed.from, 0);
  const after = Math.max(needed.to - (left + tile - 1), 0);
  if (before > MAX_CONTEXT || after > MAX_CONTEXT) {
    throw new ModelError(
      `expected a network that looks at most ${MAX_CONTEXT} px around, received ${before} and ${after}`,
    );
  }
  return { scale, consumed: left, before, after, alignment, globalContext: trace.globalContext };
}

/** The input distance after which all strides of the network are in phase again. */
function periodOf(trace: Trace): number {
  let period = 1;
  for (const extent of trace.extents.values()) {
    if (extent !== null) period = leastCommonMultiple(period, extent.step.n);
    if (period > MAX_ALIGNMENT) {
      throw new ModelError(
        `expected strides that are in phase every ${MAX_ALIGNMENT} px at most, received ${period} px`,
      );
    }
  }
  return period;
}

interface Consumption {
  /** Input pixels, both sides together. */
  readonly total: number;
  readonly trace: Trace;
  /** Length of the traced tile without what is consumed. */
  readonly tile: number;
}

/**
 * Tries input lengths over one period for those whose output is a whole number of periods: the shortest surplus is
 * what the network consumes, longer ones only lose pixels to rounding.
 */
function findConsumption(
  probe: (size: number) => Trace,
  outputBlob: string,
  scale: number,
  alignment: number,
): Consumption {
  let best: Consumption | null = null;
  let mismatch: string | null = null;
  const base = Math.ceil(PROBE_LENGTH / alignment) * alignment;
  // Nothing can consume less than nothing: the first length mostly ends the search.
  for (let size = base; size < base + alignment && best?.total !== 0; size++) {
    const trace = probe(size);
    const tile = spatialOutput(trace, outputBlob).size / scale;
    const total = size - tile;
    mismatch ??= trace.mismatch;
    const fits = trace.mismatch === null && tile > 0 && tile % alignment === 0 && total >= 0;
    if (fits && (best === null || total < best.total)) best = { total, trace, tile };
  }
  if (best === null) {
    throw new ModelError(
      `expected an input length whose output is a whole number of tiles: ${mismatch ?? "none fits"}`,
    );
  }
  const { total } = best;
  for (const tile of [1, 2, 3].map(
    (periods) => Math.ceil(32 / alignment) * alignment + periods * alignment,
  )) {
    const trace = probe(tile + total);
    if (trace.mismatch !== null || spatialOutput(trace, outputBlob).size !== tile * scale) {
      throw new ModelError(
        `expected ${tile + total} input pixels to give ${tile * scale}, received ${spatialOutput(trace, outputBlob).size}`,
      );
    }
  }
  return best;
}

/** Output 0 must lie where input pixel `left`, scaled, starts: its centre tells how much was consumed before it. */
function consumedBefore(origin: Fraction, scale: number, total: number, axis: Axis): number {
  if (total === 0) return 0;
  const left = add(origin, fraction(scale - 1, 2 * scale));
  if (!equal(left, fraction(total, 2))) {
    throw new ModelError(
      `expected equal padding at both ends of the ${axis} axis, received ${left.n}/${left.d} of ${total} px at its start`,
    );
  }
  if (left.d !== 1)
    throw new ModelError(`expected a whole number of padding pixels, received ${left.n}/${left.d}`);
  return left.n;
}

function spatialOutput(trace: Trace, blob: string): Extent {
  const extent = trace.extents.get(blob);
  if (extent === null || extent === undefined) {
    throw new ModelError(`expected blob ${blob} to be an image, received one value for the whole image`);
  }
  return extent;
}
