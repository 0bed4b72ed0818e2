import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";

/**
 * One step of the set-up, left out while neither what it is made from nor what it made has changed.
 *
 * @typedef {object} Step
 * @property {string} name also the name of its stamp
 * @property {() => Promise<string>} inputs digest of everything that its outcome depends on
 * @property {() => Promise<string | null>} products digest of what it made; null when that is not there
 * @property {(again: boolean) => Promise<void | "unfinished">} run does the work and reports it; `again`: it was done
 *   before in this tree; "unfinished": there are no products, which is no failure, and the next set-up tries again
 */

/** @param {string} file @returns {Promise<string | null>} */
async function readStamp(file) {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}

/** @param {string} inputs @param {string} products */
const stampText = (inputs, products) => `${inputs}\n${products}\n`;

/**
 * Runs a step unless its stamp says that nothing changed. The stamp is taken away before the work begins, so that work
 * that was cut off is done again.
 *
 * @param {Step} step
 * @param {string} stampFolder
 * @returns {Promise<boolean>} whether there was something to do
 */
export async function runStep(step, stampFolder) {
  const file = path.join(stampFolder, `${step.name}.stamp`);
  const before = await readStamp(file);
  const inputs = await step.inputs();
  const present = before === null ? null : await step.products();
  if (present !== null && before === stampText(inputs, present)) return false;

  await rm(file, { force: true });
  if ((await step.run(before !== null)) === "unfinished") return true;
  const products = await step.products();
  if (products === null)
    throw new Error(`expected the step '${step.name}' to leave its products, found none`);
  await mkdir(stampFolder, { recursive: true });
  const fresh = `${file}.new`;
  await writeFile(fresh, stampText(inputs, products));
  await rename(fresh, file);
  return true;
}
