import { stat } from "node:fs/promises";

/** @returns whether there is a file, also through a link */
export async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}
