import { describeNetwork, type NetworkDescription } from "./family.js";
import { ModelError } from "./model-error.js";
import { readTextFile } from "./model-files.js";
import { type Graph, MAX_PARAM_FILE_BYTES, parseParamFile } from "./param-file.js";

export interface NetworkFile {
  readonly graph: Graph;
  readonly network: NetworkDescription;
}

/** @throws {ModelError} unreadable, damaged, or not a network that can be run in tiles; the message names the file */
export async function readNetworkFile(paramPath: string): Promise<NetworkFile> {
  const text = await readTextFile(paramPath, MAX_PARAM_FILE_BYTES);
  try {
    const graph = parseParamFile(text);
    return { graph, network: describeNetwork(graph) };
  } catch (cause) {
    if (cause instanceof ModelError) throw new ModelError(`${paramPath}: ${cause.message}`, { cause });
    throw cause;
  }
}
