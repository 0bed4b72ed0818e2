import type { AxisMap, Interval } from "./axis-map.js";
import { add, equal, type Fraction, fraction, multiply } from "./fraction.js";
import { type Axis, type LayerGeometry, layerGeometry } from "./layer-geometry.js";
import { ModelError } from "./model-error.js";
import type { Layer } from "./param-file.js";

/** A blob along one axis; `step` and `origin` (its element 0's centre) are in pixels of the network's input. */
export interface Extent {
  readonly size: number;
  readonly step: Fraction;
  readonly origin: Fraction;
}

export interface Trace {
  /** null: one value for the whole image. */
  readonly extents: ReadonlyMap<string, Extent | null>;
  /** Why the layers' sizes do not fit together for this input length; null when they do. */
  readonly mismatch: string | null;
  readonly globalContext: boolean;
  readonly maps: ReadonlyMap<Layer, Extract<LayerGeometry, { kind: "map" }>>;
}

/** @returns every blob's extent for an input of `inputSize` pixels along the axis */
export function traceForward(
  layers: readonly Layer[],
  axis: Axis,
  inputBlob: string,
  inputSize: number,
): Trace {
  const extents = new Map<string, Extent | null>([
    [inputBlob, { size: inputSize, step: fraction(1), origin: fraction(0) }],
  ]);
  const maps = new Map<Layer, Extract<LayerGeometry, { kind: "map" }>>();
  let mismatch: string | null = null;
  let globalContext = false;
  for (const layer of layers) {
    if (layer.outputs.includes(inputBlob)) continue;
    const inputs = layer.inputs.map((blob) => extents.get(blob) ?? null);
    const geometry = layerGeometry(
      layer,
      axis,
      inputs.map((extent) => extent?.size ?? null),
    );
    if (geometry.kind === "global") globalContext = true;
    let result: Extent | null = null;
    if (geometry.kind === "map") {
      maps.set(layer, geometry);
      const read = inputs
        .slice(0, geometry.from === "first" ? 1 : inputs.length)
        .filter((extent) => extent !== null);
      const [source] = read;
      if (source === undefined)
        throw new ModelError(`expected layer ${layer.name} (${layer.type}) to have an input`);
      mismatch ??= disagreement(layer, read);
      result = mapExtent(source, geometry.map);
      if (result.size < 1) mismatch ??= `the input of layer ${layer.name} is too short`;
    }
    for (const blob of layer.outputs) extents.set(blob, result);
  }
  return { extents, mismatch, globalContext, maps };
}

function disagreement(layer: Layer, read: readonly Extent[]): string | null {
  const [first, ...others] = read;
  for (const other of others) {
    if (first === undefined) break;
    if (!equal(first.step, other.step)) {
      throw new ModelError(`expected the inputs of layer ${layer.name} (${layer.type}) to be of one scale`);
    }
    if (first.size !== other.size)
      return `layer ${layer.name} receives ${first.size} and ${other.size} elements`;
  }
  return null;
}

function mapExtent(source: Extent, map: AxisMap): Extent {
  return {
    size: map.outputSize(source.size),
    step: multiply(source.step, map.step),
    origin: add(source.origin, multiply(source.step, map.origin)),
  };
}

/** @returns for every blob the interval that `wanted` of the output blob is computed from */
export function traceBackward(
  layers: readonly Layer[],
  trace: Trace,
  outputBlob: string,
  wanted: Interval,
): ReadonlyMap<string, Interval> {
  const needed = new Map<string, Interval>([[outputBlob, wanted]]);
  for (const layer of layers.toReversed()) {
    const geometry = trace.maps.get(layer);
    if (geometry === undefined) continue;
    const outputs = layer.outputs
      .map((blob) => needed.get(blob))
      .filter((interval) => interval !== undefined);
    const [first, ...others] = outputs;
    if (first === undefined) continue;
    const interval = geometry.map.needs(others.reduce(hull, first));
    for (const blob of geometry.from === "first" ? layer.inputs.slice(0, 1) : layer.inputs) {
      if (trace.extents.get(blob) == null) continue;
      const present = needed.get(blob);
      needed.set(blob, present === undefined ? interval : hull(present, interval));
    }
  }
  return needed;
}

function hull(a: Interval, b: Interval): Interval {
  return { from: Math.min(a.from, b.from), to: Math.max(a.to, b.to) };
}
