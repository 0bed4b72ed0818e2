import { basename } from "node:path";
import { messageOf } from "../errors.js";
import { median } from "../median.js";
import type { PixelBuffer } from "../stages/page.js";
import { degrade, type JpegQuality } from "./degrade.js";
import { cutToMultiple, readOriginal } from "./originals.js";
import { meanScore, type Score, score } from "./score.js";

/** Something that enlarges by a whole number: an interpolation, or a model on an engine. */
export interface Contender {
  readonly name: string;
  readonly scale: number;
  /** Of the model's files; null for an interpolation. */
  readonly modelSha256: string | null;
  /** Loads it; only one is open at a time. */
  open(): Promise<OpenContender>;
}

export interface OpenContender {
  /** The device and its arithmetic, for the report; null for an interpolation. */
  readonly computedBy: string | null;
  /** @param greyscale whether the image was stored without colour */
  upscale(image: PixelBuffer, greyscale: boolean): Promise<PixelBuffer>;
  close(): Promise<void>;
}

/** An image that takes part. */
export interface EvaluatedImage {
  readonly path: string;
  readonly name: string;
  readonly sha256: string;
  /** Of what is compared, in pixels. */
  readonly width: number;
  readonly height: number;
}

export interface SkippedImage {
  readonly name: string;
  readonly reason: string;
}

/** One image at one quality by one contender. */
export interface ImageScore extends Score {
  readonly image: EvaluatedImage;
  readonly quality: JpegQuality;
  /** What enlarging took. */
  readonly seconds: number;
}

/** One row of the table. */
export interface ContenderScores {
  readonly contender: Omit<Contender, "open">;
  readonly computedBy: string | null;
  readonly scores: readonly ImageScore[];
  readonly means: readonly { readonly quality: JpegQuality; readonly score: Score }[];
  /** Median over the images and qualities. */
  readonly seconds: number;
}

export interface EvaluationPlan {
  readonly images: readonly EvaluatedImage[];
  readonly qualities: readonly JpegQuality[];
  /** Longest side that is compared, in pixels. */
  readonly crop: number;
  /** Sees each result, for pictures of it. */
  onResult?(image: EvaluatedImage, quality: JpegQuality, result: PixelBuffer): void;
}

/** Reads every image once: those that cannot be used must not end an evaluation hours later. */
export async function examineImages(
  paths: readonly string[],
  crop: number,
): Promise<{ readonly images: readonly EvaluatedImage[]; readonly skipped: readonly SkippedImage[] }> {
  const images: EvaluatedImage[] = [];
  const skipped: SkippedImage[] = [];
  for (const path of paths) {
    const name = basename(path);
    try {
      const { pixels, sha256 } = await readOriginal(path, crop);
      images.push({ path, name, sha256, width: pixels.width, height: pixels.height });
    } catch (thrown) {
      skipped.push({ name, reason: messageOf(thrown) });
    }
  }
  return { images, skipped };
}

/**
 * Shrinks every image, enlarges it again and compares it with the original. One image is in memory at a time.
 *
 * @throws whatever loading or running the contender does
 */
export async function evaluateContender(
  contender: Contender,
  plan: EvaluationPlan,
): Promise<ContenderScores> {
  const { name, scale, modelSha256 } = contender;
  const opened = await contender.open();
  const scores: ImageScore[] = [];
  try {
    for (const image of plan.images) scores.push(...(await scoreImage(contender, opened, image, plan)));
  } finally {
    await opened.close();
  }
  return {
    contender: { name, scale, modelSha256 },
    computedBy: opened.computedBy,
    scores,
    means: plan.qualities.map((quality) => ({
      quality,
      score: meanScore(scores.filter((one) => one.quality === quality)),
    })),
    seconds: median(scores.map(({ seconds }) => seconds)),
  };
}

async function scoreImage(
  { scale }: Contender,
  opened: OpenContender,
  image: EvaluatedImage,
  { qualities, crop, onResult }: EvaluationPlan,
): Promise<readonly ImageScore[]> {
  const read = await readOriginal(image.path, crop);
  const original = cutToMultiple(read.pixels, scale);
  const scores: ImageScore[] = [];
  for (const quality of qualities) {
    const input = await degrade(original, scale, quality, read.greyscale);
    const started = performance.now();
    const result = await opened.upscale(input, read.greyscale);
    const seconds = (performance.now() - started) / 1000;
    scores.push({ image, quality, seconds, ...score(original, result) });
    onResult?.(image, quality, result);
    result.release?.();
  }
  return scores;
}
