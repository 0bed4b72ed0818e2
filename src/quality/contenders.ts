import { basename, dirname } from "node:path";
import type { Engine } from "../engine/engine.js";
import type { ResolvedModel } from "../models/catalogue.js";
import type { Enlargement } from "../models/scales.js";
import type { PixelBuffer } from "../stages/page.js";
import { upscalePage } from "../stages/upscale.js";
import { CATMULL_ROM, enlarge, type Kernel, LANCZOS3 } from "./enlarge.js";
import type { Contender } from "./evaluate.js";

const never = new AbortController().signal;

const KERNELS: readonly (readonly [name: string, kernel: Kernel])[] = [
  ["bicubic", CATMULL_ROM],
  ["Lanczos", LANCZOS3],
];

/** @returns what every model is measured against: enlarging without a network */
export function interpolations(scale: number): readonly Contender[] {
  return KERNELS.map(([name, kernel]) => ({
    ...{ name, scale, modelSha256: null },
    open: async () => ({
      computedBy: null,
      upscale: async (image) => enlarge(image, scale, kernel),
      close: async () => undefined,
    }),
  }));
}

/** @returns the image as a worker enlarges a page of it */
async function enlargePage(
  engine: Engine,
  enlargement: Enlargement,
  colour: PixelBuffer,
  greyscale: boolean,
): Promise<PixelBuffer> {
  const source = { width: colour.width, height: colour.height, format: "raw" };
  const page = { colour, alpha: null, greyscale, source, warnings: [] };
  const job = { options: { tile: null, fit: null }, priority: 1, signal: never };
  return (await upscalePage(page, engine, enlargement, job)).page.colour;
}

/**
 * @param enlargement one that the model can serve
 * @param open loads the model
 */
export function modelContender(
  { name, sha256 }: Pick<ResolvedModel, "name" | "sha256">,
  enlargement: Enlargement,
  open: () => Promise<Engine>,
): Contender {
  const passes = enlargement.between === null ? "" : ", twice";
  return {
    ...{ name: `${name}${passes}`, scale: enlargement.scale, modelSha256: sha256 },
    open: async () => {
      const engine = await open();
      return {
        computedBy: `${engine.device.name}, ${engine.precision}`,
        upscale: (image, greyscale) => enlargePage(engine, enlargement, image, greyscale),
        close: () => engine.close(),
      };
    },
  };
}

/**
 * @returns a name for tables: foreign models have that of their folder before theirs, since families use the same file
 *   names
 */
export function modelLabel({
  name,
  licence,
  paramPath,
}: Pick<ResolvedModel, "name" | "licence" | "paramPath">): string {
  return licence === null ? `${basename(dirname(paramPath))}/${name}` : name;
}
