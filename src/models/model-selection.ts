import { ModelError } from "./model-error.js";
import { scalesOf } from "./scales.js";

/** What is asked of a folder of models; null leaves the choice to it. */
export interface ModelChoice {
  /** Of the results: a model of that scale, or one that gives it in two passes where there is none. */
  readonly scale: number | null;
  /** Strength of the noise removal, -1 for none; see ModelName. */
  readonly noise: number | null;
}

export const ANY_MODEL: ModelChoice = { scale: null, noise: null };

/** What the name of a published model says. */
export interface ModelName {
  /** null: it does not say. */
  readonly scale: number | null;
  /** -1: trained to keep noise. 0 to 3: levels of removal. null: a model without levels. */
  readonly noise: number | null;
  /** Level that the family's own program takes when none is asked for; null for models without levels. */
  readonly usualNoise: number | null;
}

/** One of several models in a folder. */
export interface ModelCandidate extends ModelName {
  /** File name without its ending. */
  readonly stem: string;
}

const WAIFU2X_NOISE = 0;
const REALCUGAN_NOISE = -1;

/** Scales to take when none is asked for, the first that there is; any other only when it is the only one. */
const USUAL_SCALES: readonly number[] = [2, 4];

type Reading = readonly [pattern: RegExp, read: (first: number, second: number) => ModelName];

const waifu2x = (scale: number, noise: number): ModelName => ({ scale, noise, usualNoise: WAIFU2X_NOISE });
const realcugan = (scale: number, noise: number): ModelName => ({
  scale,
  noise,
  usualNoise: REALCUGAN_NOISE,
});

/** How the programs that published the families name their files. */
const READINGS: readonly Reading[] = [
  [/^noise(\d)_scale2\.0x_model$/, (noise) => waifu2x(2, noise)],
  [/^scale2\.0x_model$/, () => waifu2x(2, -1)],
  [/^noise(\d)_model$/, (noise) => waifu2x(1, noise)],
  [/^up(\d)x-conservative$/, (scale) => realcugan(scale, -1)],
  [/^up(\d)x-no-denoise$/, (scale) => realcugan(scale, 0)],
  [/^up(\d)x-denoise(\d)x$/, (scale, noise) => realcugan(scale, noise)],
  [/^realesr-animevideov3-x(\d)$/, (scale) => ({ scale, noise: null, usualNoise: null })],
];

/** @param stem file name without its ending */
export function readModelName(stem: string): ModelName {
  for (const [pattern, read] of READINGS) {
    const match = pattern.exec(stem);
    if (match !== null) return read(Number(match[1]), Number(match[2]));
  }
  return { scale: null, noise: null, usualNoise: null };
}

/**
 * @param candidates with the scale of their graph where their name has none
 * @param where how errors name the folder
 * @throws {ModelError} none fits, or more than one; the message lists them
 */
export function chooseModel(
  candidates: readonly ModelCandidate[],
  choice: ModelChoice,
  where: string,
): ModelCandidate {
  const ofNoise = candidates.filter(({ noise }) => choice.noise === null || choice.noise === noise);
  const asked = preferred(
    ofNoise.filter(({ scale }) => canServe(scale, choice.scale)),
    ({ scale }) => (choice.scale ?? scale) === scale,
  );
  const ofScale = preferred(
    asked,
    ({ scale }) => USUAL_SCALES.find((usual) => hasScale(asked, usual)) === scale,
  );
  const left = preferred(ofScale, ({ noise, usualNoise }) => noise === usualNoise);
  const [chosen, ...others] = left;
  if (chosen !== undefined && others.length === 0) return chosen;
  const problem = chosen === undefined ? "none fits" : `${left.length} fit: name one as FILE.param`;
  throw new ModelError(
    `expected one model in ${where} for ${describeChoice(choice)}, ${problem}; there is ${listed(candidates)}`,
  );
}

/** @throws {ModelError} the model is of another scale or noise level than is asked for, or has no levels */
export function expectChosen(
  model: { readonly name: string; readonly scale: number; readonly noise: number | null },
  choice: ModelChoice,
): void {
  if (!canServe(model.scale, choice.scale))
    throw new ModelError(
      `expected a model of scale ${choice.scale}, received ${model.name} of ${model.scale}`,
    );
  if (choice.noise === null || choice.noise === model.noise) return;
  const has = model.noise === null ? "which has no noise levels" : `of noise ${model.noise}`;
  throw new ModelError(`expected a model of noise ${choice.noise}, received ${model.name}, ${has}`);
}

function canServe(modelScale: number | null, wanted: number | null): boolean {
  return wanted === null || (modelScale !== null && scalesOf(modelScale).includes(wanted));
}

function hasScale(candidates: readonly ModelCandidate[], wanted: number): boolean {
  return candidates.some(({ scale }) => scale === wanted);
}

/** @returns the candidates that are preferred, or all of them when none is */
function preferred(
  candidates: readonly ModelCandidate[],
  isPreferred: (candidate: ModelCandidate) => boolean,
): readonly ModelCandidate[] {
  const found = candidates.filter(isPreferred);
  return found.length > 0 ? found : candidates;
}

function describeChoice({ scale, noise }: ModelChoice): string {
  return `${scale === null ? "any scale" : `scale ${scale}`} and ${noise === null ? "any noise" : `noise ${noise}`}`;
}

const MOST_LISTED = 16;

function listed(candidates: readonly ModelCandidate[]): string {
  const names = candidates.slice(0, MOST_LISTED).map(({ stem, scale, noise }) => {
    return `${stem} (scale ${scale ?? "unknown"}, ${noise === null ? "no noise levels" : `noise ${noise}`})`;
  });
  const more = candidates.length - names.length;
  return names.join(", ") + (more > 0 ? ` and ${more} more` : "");
}
