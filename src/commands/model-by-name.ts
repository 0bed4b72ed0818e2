import { existsSync } from "node:fs";
import { join } from "node:path";

/** The folder that Real-ESRGAN's own program looks in. */
const USUAL_FOLDER = "models";

/** What that program enlarges by when nobody says it. */
const USUAL_SCALE = 4;

/**
 * Finds the model that `-n NAME` means for Real-ESRGAN's own program: NAME in the folder of `-m`, or NAME-xSCALE there.
 *
 * @param folder what `-m` says; null for nothing
 * @returns a path, or the name itself, which may be that of a model that comes with the program
 */
export function modelByName(folder: string | null, name: string, scale: number | null): string {
  const places = folder === null ? [USUAL_FOLDER] : [folder];
  const stems = [name, `${name}-x${scale ?? USUAL_SCALE}`];
  const paths = places.flatMap((place) => stems.map((stem) => join(place, stem)));
  const found = paths.find((path) => existsSync(`${path}.param`));
  return found ?? (folder === null ? name : join(folder, name));
}
