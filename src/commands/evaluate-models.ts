import type { Writable } from "node:stream";
import { EXIT, type ExitCode } from "../../protocol/error-codes.js";
import { writeWhole } from "../files/write-whole.js";
import type { Log } from "../log.js";
import { interpolations, modelContender, modelLabel } from "../quality/contenders.js";
import { CropSheet } from "../quality/crop-sheet.js";
import type { JpegQuality } from "../quality/degrade.js";
import {
  type Contender,
  type ContenderScores,
  type EvaluationPlan,
  evaluateContender,
  examineImages,
} from "../quality/evaluate.js";
import {
  type Evaluation,
  evaluationJson,
  formatScores,
  formatSetting,
  qualityName,
} from "../quality/evaluation-report.js";
import { listImages } from "../quality/originals.js";
import { PageScales } from "../stages/page-scales.js";
import { sharp } from "../stages/sharp.js";
import { PROGRAM_NAME, PROGRAM_VERSION } from "../version.js";
import type { EvaluateChoice } from "./evaluate-options.js";
import { openEngine, resolveModel } from "./open-engine.js";
import { type LogChoice, openLog } from "./program-log.js";

/** @returns interpolations and models, those of one scale together */
async function contendersOf(choice: EvaluateChoice, log: Log): Promise<readonly Contender[]> {
  const models: Contender[] = [];
  for (const name of choice.models) {
    const model = await resolveModel(name, choice);
    const enlargement = new PageScales(model.scale, choice.scale).enlargementFor({ scale: null });
    const open = () => openEngine({ ...choice, model: name }, log);
    models.push(modelContender({ ...model, name: modelLabel(model) }, enlargement, open));
  }
  const scales = [...new Set(models.map(({ scale }) => scale))].sort((a, b) => a - b);
  return scales.flatMap((scale) => [
    ...interpolations(scale),
    ...models.filter((model) => model.scale === scale),
  ]);
}

/** The one in the middle of the list: neither the easiest nor the hardest. */
function shownQuality(qualities: readonly JpegQuality[]): JpegQuality {
  return qualities[Math.floor(qualities.length / 2)] ?? null;
}

/** @returns columns of a sheet: interpolations are there for every scale */
function columnName({ name, scale, modelSha256 }: Contender): string {
  return modelSha256 === null ? `${name} ${scale}x` : name;
}

async function writeSheet(path: string, sheet: CropSheet): Promise<void> {
  const { data, width, height } = await sheet.draw();
  const raw = sharp(data, { raw: { width, height, channels: 3 } });
  const isWebp = path.toLowerCase().endsWith(".webp");
  await writeWhole(path, await (isWebp ? raw.webp({ lossless: true, effort: 6 }) : raw.png()).toBuffer());
}

/**
 * Compares models with originals: tables as Markdown on `output`, a contender's line in the log as soon as it is done.
 *
 * @returns EXIT.failure when an image had to be left out
 * @throws {UpscalerError | FatalError} no images, no such device or model
 */
export async function runEvaluateModels(
  choice: EvaluateChoice & LogChoice,
  output: Writable,
): Promise<ExitCode> {
  const log = openLog(choice);
  const { quality: qualities, crop } = choice;
  const contenders = await contendersOf(choice, log);
  const { images, skipped } = await examineImages(await listImages(choice.data, choice.limit), crop);
  for (const { name, reason } of skipped) log.warn("image left out", { name, reason });
  const sheet = choice.sheet === null ? null : await CropSheet.open(images, crop);
  const rows: ContenderScores[] = [];
  for (const contender of images.length > 0 ? contenders : []) {
    const onResult: EvaluationPlan["onResult"] = (image, quality, result) => {
      if (quality === shownQuality(qualities)) sheet?.add(columnName(contender), image, result);
    };
    const row = await evaluateContender(contender, { images, qualities, crop, onResult });
    log.info("contender evaluated", { name: contender.name, scale: contender.scale, seconds: row.seconds });
    rows.push(row);
  }
  const program = `${PROGRAM_NAME} ${PROGRAM_VERSION}`;
  const setting = { program, node: process.version, date: new Date().toISOString(), qualities, crop };
  const evaluation: Evaluation = { setting, images, skipped, rows };
  output.write(formatSetting(evaluation));
  output.write(formatScores(rows, qualities));
  if (choice.json !== null) {
    await writeWhole(choice.json, Buffer.from(`${JSON.stringify(evaluationJson(evaluation), null, 2)}\n`));
  }
  if (choice.sheet !== null && sheet !== null && images.length > 0) {
    await writeSheet(choice.sheet, sheet);
    output.write(`\n${choice.sheet}: crops at ${qualityName(shownQuality(qualities))}\n`);
  }
  return skipped.length > 0 ? EXIT.failure : EXIT.ok;
}
