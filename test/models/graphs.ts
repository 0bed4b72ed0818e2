import { type Graph, parseParamFile } from "../../src/models/param-file.js";

/** @returns the text of a .param file with these layer lines; the counts are those of the lines */
export function paramText(...lines: readonly string[]): string {
  const blobs = lines.reduce((sum, line) => sum + Number(line.split(/\s+/)[3] ?? 0), 0);
  return ["7767517", `${lines.length} ${blobs}`, ...lines, ""].join("\n");
}

export function graphOf(...lines: readonly string[]): Graph {
  return parseParamFile(paramText(...lines));
}
