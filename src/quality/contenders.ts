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

/** @returns names for tables: families use the same file names, so those that meet get their folder's before them */
export function distinctNames(
  models: readonly Pick<ResolvedModel, "name" | "paramPath">[],
): readonly string[] {
  const isShared = (name: string) => models.filter((model) => model.name === name).length > 1;
  return models.map(({ name, paramPath }) =>
    isShared(name) ? `${basename(dirname(paramPath))}/${name}` : name,
  );
}
