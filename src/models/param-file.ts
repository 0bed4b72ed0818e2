import { ModelError } from "./model-error.js";
import { type ParamValue, ParamValues } from "./param-values.js";

/** One operation of a network. */
export interface Layer {
  readonly type: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly params: ParamValues;
}

/** A network: layers in topological order, every blob produced once and consumed at most once. */
export interface Graph {
  readonly layers: readonly Layer[];
  /** Blobs that no layer consumes, in the order of their production. */
  readonly outputs: readonly string[];
}

/** Published graphs are 1 to 80 KiB and have up to 1,000 layers; these limits bound all work below. */
export const MAX_PARAM_FILE_BYTES = 1024 * 1024;
const MAX_LAYERS = 2048;
const MAX_BLOBS = 16384;
const MAX_ARRAY_LENGTH = 4096;
const MAX_NAME_LENGTH = 255;
const MAGIC = "7767517";
/** ncnn keeps 32 parameters a layer; an array's key is written as -23300 - key. */
const MAX_PARAM_KEY = 31;
const ARRAY_KEY_BASE = -23300;
const INT32_LIMIT = 2 ** 31;

/** ncnn reads bytes: what JavaScript takes for a blank, or does not show, would be read differently there. */
const UNPRINTABLE = /[^\t -~]/;
const OUTER_BLANKS = /^[ \t]+|[ \t]+$/g;
const BLANKS = /[ \t]+/;
const COUNT = /^\d{1,9}$/;
const INTEGER = /^[+-]?\d{1,10}$/;
const FLOAT = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$/;

/**
 * Parses the text form of an ncnn graph (github.com/Tencent/ncnn/wiki/param-and-model-file-structure).
 *
 * @param text the whole file
 * @throws {ModelError} not this format, truncated, counts that do not fit, or blobs that are not a directed acyclic
 *   graph in topological order
 */
export function parseParamFile(text: string): Graph {
  if (text.length > MAX_PARAM_FILE_BYTES) {
    throw new ModelError(
      `expected a .param file of at most ${MAX_PARAM_FILE_BYTES} bytes, received ${text.length}`,
    );
  }
  const lines = text.split(/\r?\n/).map((line) => line.replace(OUTER_BLANKS, ""));
  while (lines.at(-1) === "") lines.pop();
  if (lines[0] !== MAGIC) {
    throw new ModelError(
      `expected a .param file to start with ${MAGIC}, received ${quoted(lines[0] ?? "")}; binary .param.bin files are not read`,
    );
  }
  const unprintable = lines.findIndex((line) => UNPRINTABLE.test(line));
  if (unprintable >= 0) {
    throw new ModelError(
      `expected a .param file of printable ASCII, received ${quoted(lines[unprintable] ?? "")} in line ${unprintable + 1}`,
    );
  }
  const counts = readCounts(lines[1]);
  const layerLines = lines.slice(2);
  if (layerLines.length !== counts.layers) {
    throw new ModelError(
      `expected ${counts.layers} layer lines as line 2 of the .param file says, received ${layerLines.length}: the file is truncated or damaged`,
    );
  }
  const layers = layerLines.map((line, index) => parseLayer(line, index + 3));
  return connect(layers, counts.blobs);
}

function readCounts(line: string | undefined): { layers: number; blobs: number } {
  const [layers, blobs, ...rest] = (line ?? "").split(BLANKS);
  const counts = { layers: readCount(layers), blobs: readCount(blobs) };
  const fits = (count: number, most: number): boolean => count >= 1 && count <= most;
  if (rest.length > 0 || !fits(counts.layers, MAX_LAYERS) || !fits(counts.blobs, MAX_BLOBS)) {
    throw new ModelError(
      `expected line 2 of the .param file to hold a layer count (1 to ${MAX_LAYERS}) and a blob count (1 to ${MAX_BLOBS}), received ${quoted(line ?? "")}`,
    );
  }
  return counts;
}

/** @returns NaN for anything but decimal digits: ncnn reads no other spelling of a count */
function readCount(written: string | undefined): number {
  return COUNT.test(written ?? "") ? Number(written) : Number.NaN;
}

function parseLayer(line: string, lineNumber: number): Layer {
  const tokens = line.split(BLANKS);
  const [type = "", name = "", inputCount, outputCount] = tokens;
  const inputs = readCount(inputCount);
  const outputs = readCount(outputCount);
  const afterCounts = tokens.slice(4);
  // Also true of a count that is NaN.
  if (!(inputs + outputs <= afterCounts.length)) {
    throw new ModelError(
      `expected line ${lineNumber} of the .param file to be "type name input-count output-count blobs... key=value...", received ${quoted(line)}`,
    );
  }
  const blobs = afterCounts.slice(0, inputs + outputs);
  if ([type, name, ...blobs].some((word) => word.length > MAX_NAME_LENGTH)) {
    throw new ModelError(
      `expected names of at most ${MAX_NAME_LENGTH} characters in line ${lineNumber} of the .param file`,
    );
  }
  const owner = `layer ${name} (${type}, line ${lineNumber})`;
  return {
    type,
    name,
    inputs: blobs.slice(0, inputs),
    outputs: blobs.slice(inputs),
    params: new ParamValues(owner, parseParams(afterCounts.slice(inputs + outputs), owner)),
  };
}

function parseParams(tokens: readonly string[], owner: string): Map<number, ParamValue> {
  const values = new Map<number, ParamValue>();
  for (const token of tokens) {
    const equals = token.indexOf("=");
    const written = token.slice(0, Math.max(equals, 0));
    const key = INTEGER.test(written) ? Number(written) : Number.NaN;
    const isArray = key <= ARRAY_KEY_BASE;
    const id = isArray ? ARRAY_KEY_BASE - key : key;
    if (!(id >= 0 && id <= MAX_PARAM_KEY)) {
      throw new ModelError(
        `expected key=value with a key of 0 to ${MAX_PARAM_KEY} in ${owner}, received ${quoted(token)}`,
      );
    }
    const value = token.slice(equals + 1);
    values.set(id, isArray ? parseArray(value, owner) : parseScalar(value, owner));
  }
  return values;
}

function parseScalar(written: string, owner: string): ParamValue {
  // Newer layers take expressions and names; no geometry that is understood here depends on one.
  if (/^["A-Za-z]/.test(written)) return { kind: "text", value: written };
  const value = parseNumber(written, owner);
  return { kind: INTEGER.test(written) ? "int" : "float", value };
}

function parseArray(written: string, owner: string): ParamValue {
  const [length = "", ...elements] = written.split(",");
  if (!INTEGER.test(length) || Number(length) !== elements.length || elements.length > MAX_ARRAY_LENGTH) {
    throw new ModelError(
      `expected an array of ${owner} to be its length (at most ${MAX_ARRAY_LENGTH}) and that many values, received ${quoted(written)}`,
    );
  }
  const isInteger = elements.every((element) => INTEGER.test(element));
  return { kind: "array", isInteger, value: elements.map((element) => parseNumber(element, owner)) };
}

function parseNumber(written: string, owner: string): number {
  const value = INTEGER.test(written) || FLOAT.test(written) ? Number(written) : Number.NaN;
  // ncnn keeps 32 bits of either kind.
  if (!Number.isFinite(Math.fround(value)) || (INTEGER.test(written) && Math.abs(value) >= INT32_LIMIT)) {
    throw new ModelError(`expected a number as a parameter of ${owner}, received ${quoted(written)}`);
  }
  return value;
}

/** Checks what ncnn relies on: each blob is produced once, before it is consumed, and consumed at most once. */
function connect(layers: readonly Layer[], blobCount: number): Graph {
  const produced = new Set<string>();
  const consumed = new Set<string>();
  for (const layer of layers) {
    for (const blob of layer.inputs) {
      if (!produced.has(blob)) {
        throw new ModelError(
          `expected blob ${quoted(blob)} to be produced before layer ${layer.name} consumes it: no earlier layer does`,
        );
      }
      if (consumed.has(blob)) {
        throw new ModelError(
          `expected one consumer of blob ${quoted(blob)}, received a second in layer ${layer.name}: a Split layer is missing`,
        );
      }
      consumed.add(blob);
    }
    for (const blob of layer.outputs) {
      if (produced.has(blob))
        throw new ModelError(`expected one layer to produce blob ${quoted(blob)}, received two`);
      produced.add(blob);
    }
  }
  if (produced.size !== blobCount) {
    throw new ModelError(
      `expected ${blobCount} blobs as line 2 of the .param file says, received ${produced.size}`,
    );
  }
  return { layers, outputs: [...produced].filter((blob) => !consumed.has(blob)) };
}

/** What is not printable would reach a terminal or a log as it is. */
function quoted(text: string): string {
  const shown = JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}...` : text);
  return shown.replaceAll(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
