import { basename, dirname } from "node:path";
import type { Engine } from "../engine/engine.js";
import type { ResolvedModel } from "../models/catalogue.js";
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

/** @param open loads the model */
export function modelContender(
  { name, scale, sha256 }: Pick<ResolvedModel, "name" | "scale" | "sha256">,
  open: () => Promise<Engine>,
): Contender {
  return {
    ...{ name, scale, modelSha256: sha256 },
    open: async () => {
      const engine = await open();
      return {
        computedBy: `${engine.device.name}, ${engine.precision}`,
        upscale: async (image) => (await engine.upscale(image, { tile: null, signal: never })).image,
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
