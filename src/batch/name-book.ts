import { extname } from "node:path";
import { withoutEnding } from "./file-kinds.js";
import { shortenName } from "./safe-names.js";

/** The names that are taken in one folder or archive. Two that differ only in case are one on many systems. */
export class NameBook {
  readonly #taken = new Set<string>();
  /** The last number that a name was given, so that many equal ones are not counted through again and again. */
  readonly #numbers = new Map<string, number>();

  /**
   * @param candidates paths in the order of preference, at least one
   * @returns the first that is free, else the last one numbered: "page (2).webp"
   */
  claim(candidates: readonly string[]): string {
    const fitting = candidates.map((path) => withShortName(path));
    const free = fitting.find((path) => !this.#taken.has(keyOf(path)));
    const path = free ?? this.#numbered(candidates[0] ?? "");
    this.#taken.add(keyOf(path));
    return path;
  }

  #numbered(path: string): string {
    const key = keyOf(path);
    for (let number = (this.#numbers.get(key) ?? 1) + 1; ; number++) {
      const ending = ` (${number})${extname(path)}`;
      const numbered = withShortName(withoutEnding(path), ending) + ending;
      if (this.#taken.has(keyOf(numbered))) continue;
      this.#numbers.set(key, number);
      return numbered;
    }
  }
}

const MAX_NAME_BYTES = 255;

/** @param added what will follow, for which room is left */
function withShortName(path: string, added = ""): string {
  const start = path.lastIndexOf("/") + 1;
  return path.slice(0, start) + shortenName(path.slice(start), MAX_NAME_BYTES - Buffer.byteLength(added));
}

function keyOf(path: string): string {
  return path.normalize("NFC").toLowerCase();
}
