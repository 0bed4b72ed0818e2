import { psnrDb } from "../engine/psnr.js";
import { messageOf } from "../errors.js";
import { median } from "../median.js";
import { sharp } from "../stages/sharp.js";
import type { Contender } from "./peers-contender.js";

export interface RoundsPlan {
  /** Different pages. */
  readonly pages: number;
  /** Pages given at once. */
  readonly count: number;
  readonly rounds: number;
  /** Pages of a round that are given alone. */
  readonly lone: number;
  /** Told what is being done, for people who wait. */
  onProgress(text: string): void;
}

/** What a contender did, or why it did not. */
export interface Standing {
  readonly contender: Contender;
  /** Of each round; fewer after a failure. */
  readonly pagesPerSecond: readonly number[];
  /** Milliseconds of each page given alone. */
  readonly aloneMs: readonly number[];
  /** Encoded bytes of a page, mean; null before the first round. */
  readonly bytesPerPage: number | null;
  /** Different WebP efforts, ascending, of the pages at once and of those alone. */
  readonly efforts: readonly number[];
  readonly aloneEfforts: readonly number[];
  /** The first page; null when not even that succeeded. */
  readonly sample: Uint8Array | null;
  readonly failure: string | null;
}

type Growing = {
  -readonly [Key in keyof Standing]: Standing[Key] extends readonly number[] ? number[] : Standing[Key];
};

/** @returns the standing's throughput and time of a lone page over all rounds; NaN where there is none */
export function mediansOf({ pagesPerSecond, aloneMs }: Standing): {
  readonly pagesPerSecond: number;
  readonly aloneMs: number;
} {
  return { pagesPerSecond: median(pagesPerSecond), aloneMs: median(aloneMs) };
}

async function attempt(standing: Growing, action: () => Promise<void>): Promise<void> {
  if (standing.failure !== null) return;
  try {
    await action();
  } catch (thrown) {
    standing.failure = messageOf(thrown);
  }
}

function different(efforts: readonly number[]): number[] {
  return [...new Set(efforts)].sort((a, b) => a - b);
}

async function takeTurn(standing: Growing, round: number, plan: RoundsPlan): Promise<void> {
  const { contender, pagesPerSecond, aloneMs } = standing;
  const page = (index: number) => index % plan.pages;
  const { ms, bytes, efforts } = await contender.upscale(
    Array.from({ length: plan.count }, (_, i) => page(i)),
  );
  pagesPerSecond.push((plan.count * 1000) / ms);
  standing.bytesPerPage = bytes / plan.count;
  standing.efforts = different([...standing.efforts, ...efforts]);
  for (let i = 0; i < plan.lone; i++) {
    const alone = await contender.upscale([page(round * plan.lone + i)]);
    aloneMs.push(alone.ms);
    standing.aloneEfforts = different([...standing.aloneEfforts, ...alone.efforts]);
  }
}

/**
 * Lets contenders take turns, round by round; every other round in the opposite order. One that fails is left out of the
 * rest, the others go on.
 *
 * @param contenders PNG is only sampled, not timed: it shows the pixels before any loss
 */
export async function runRounds(
  contenders: readonly Contender[],
  plan: RoundsPlan,
): Promise<readonly Standing[]> {
  const standings = contenders.map(
    (contender): Growing => ({
      ...{ contender, pagesPerSecond: [], aloneMs: [], bytesPerPage: null, sample: null, failure: null },
      ...{ efforts: [], aloneEfforts: [] },
    }),
  );
  for (const standing of standings) {
    const { program, format, settings } = standing.contender;
    plan.onProgress(`warming up ${program}, ${format} ${settings}`);
    await attempt(standing, async () => {
      standing.sample = await standing.contender.sample(0);
    });
  }
  const timed = standings.filter(({ contender }) => contender.format !== "png");
  for (let round = 0; round < plan.rounds; round++) {
    plan.onProgress(`round ${round + 1} of ${plan.rounds}`);
    for (const standing of round % 2 === 0 ? timed : timed.toReversed()) {
      await attempt(standing, () => takeTurn(standing, round, plan));
    }
  }
  return standings;
}

async function pixelsOf(image: Uint8Array): Promise<Uint8Array> {
  return await sharp(image).toColourspace("srgb").removeAlpha().raw().toBuffer();
}

/**
 * @returns PSNR between two encoded images over their 8-bit RGB values, dB
 * @throws {RangeError} two sizes; {Error} an image that cannot be read
 */
export async function psnrBetween(a: Uint8Array, b: Uint8Array): Promise<number> {
  const [first, second] = await Promise.all([pixelsOf(a), pixelsOf(b)]);
  return psnrDb(first, second);
}
