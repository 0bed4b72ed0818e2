import { once } from "node:events";
import { readFile } from "node:fs/promises";
import type { Writable } from "node:stream";
import { EXIT, type ExitCode } from "../../protocol/error-codes.js";
import type { ModelChoice } from "../models/model-selection.js";
import { readNetworkFile } from "../models/network-file.js";
import { readWeights, storeWeights } from "../models/stored-weights.js";
import type { FloatStorage } from "../models/weight-storage.js";
import { expectOtherFiles, outputPaths, writeModel } from "../models/write-model.js";
import { forUser, resolveForUser } from "./models.js";

/** What the command line says about a conversion. */
export interface ConvertChoice extends ModelChoice {
  /** FILE.param, FILE.bin or FILE. */
  readonly output: string;
  readonly storage: FloatStorage;
}

/**
 * Writes a model with its weights stored in another way.
 *
 * @param nameOrPath as `--model` takes it
 * @throws {UpscalerError} model_not_found; model_invalid: damaged, a weight too large, or the model's own name as output
 */
export async function runModelConvert(
  nameOrPath: string,
  choice: ConvertChoice,
  output: Writable,
): Promise<ExitCode> {
  const model = await resolveForUser(nameOrPath, choice);
  const target = outputPaths(choice.output);
  const written = await forUser(async () => {
    await expectOtherFiles(target, model);
    const { graph } = await readNetworkFile(model.paramPath);
    const bin = storeWeights(await readWeights(model.binPath, graph), choice.storage);
    return writeModel(target, { param: await readFile(model.paramPath), bin });
  });
  const { weights, files } = written;
  output.end(
    `${target.binPath}: ${weights.count} numbers, ${weights.precision}, ${files.bin.bytes} bytes instead of ${model.files.bin.bytes}\n`,
  );
  await once(output, "finish");
  return EXIT.ok;
}
