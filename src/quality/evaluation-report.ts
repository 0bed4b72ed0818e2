import { markdownTable } from "../bench/bench-tables.js";
import type { JpegQuality } from "./degrade.js";
import type { ContenderScores, EvaluatedImage, SkippedImage } from "./evaluate.js";
import { SCORED_BORDER } from "./score.js";

/** Where and how a table was made. */
export interface EvaluationSetting {
  readonly program: string;
  readonly node: string;
  /** ISO 8601. */
  readonly date: string;
  readonly qualities: readonly JpegQuality[];
  readonly crop: number;
}

/** Everything of one run. */
export interface Evaluation {
  readonly setting: EvaluationSetting;
  readonly images: readonly EvaluatedImage[];
  readonly skipped: readonly SkippedImage[];
  readonly rows: readonly ContenderScores[];
}

/** @returns a name for tables and pictures */
export function qualityName(quality: JpegQuality): string {
  return quality === null ? "no JPEG" : `q${quality}`;
}

/** @returns what a reader of the tables must know, with a line for each image that was left out */
export function formatSetting({ setting, images, skipped }: Omit<Evaluation, "rows">): string {
  const { program, date, crop } = setting;
  return [
    `# ${program}, ${images.length} images, ${date}`,
    "",
    `The middle of each image, at most ${crop} x ${crop} pixels, is shrunk to the mean of blocks of encoded values, made a JPEG`,
    "(4:2:0) where a quality is named, enlarged, and compared with what it was. Cells: mean PSNR in dB / mean SSIM, on luma",
    `without ${SCORED_BORDER} pixels along the edges. Seconds: the median for one image.`,
    ...skipped.map(({ name, reason }) => `\nLeft out: ${name}: ${reason}`),
    "",
    "",
  ].join("\n");
}

/** @returns a table for each scale, as Markdown */
export function formatScores(rows: readonly ContenderScores[], qualities: readonly JpegQuality[]): string {
  const scales = [...new Set(rows.map(({ contender }) => contender.scale))];
  return scales
    .map((scale) => {
      const cells = rows
        .filter(({ contender }) => contender.scale === scale)
        .map(({ contender, means, seconds }) => [
          contender.name,
          ...means.map(({ score }) => `${score.psnrDb.toFixed(2)} / ${score.ssim.toFixed(4)}`),
          seconds.toFixed(2),
        ]);
      return `## ${scale}x\n\n${markdownTable(["", ...qualities.map(qualityName), "seconds"], cells)}\n`;
    })
    .join("\n");
}

/** @returns everything, image by image, for a JSON file */
export function evaluationJson({ setting, images, skipped, rows }: Evaluation): object {
  return {
    ...setting,
    protocol: {
      downscale: "mean of scale x scale blocks of encoded values",
      jpeg: "libjpeg by sharp, 4:2:0, greyscale where the image is",
      bicubic: "Catmull-Rom",
      lanczos: "three lobes",
      luma: "ITU-R BT.601, 8 bits",
      border: SCORED_BORDER,
      ssim: "Wang et al. 2004: 11 x 11 Gaussian, sigma 1.5, K1 0.01, K2 0.03",
    },
    images: images.map(({ name, sha256, width, height }) => ({ name, sha256, width, height })),
    skipped,
    rows: rows.map(({ contender, computedBy, means, seconds, scores }) => ({
      ...contender,
      ...{ computedBy, seconds },
      means: means.map(({ quality, score }) => ({ quality, ...score })),
      images: scores.map(({ image, quality, psnrDb, ssim, seconds: taken }) => ({
        ...{ image: image.name, quality, psnrDb, ssim, seconds: taken },
      })),
    })),
  };
}
