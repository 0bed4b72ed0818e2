import type { Dirent, Stats } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { basename, join, sep } from "node:path";
import { type BatchError, readFailure } from "./batch-error.js";
import type { FoundFile } from "./found-files.js";
import { byNaturalOrder } from "./natural-order.js";

/** What a walk through a folder gives. */
export interface FoundFiles {
  readonly files: readonly FoundFile[];
  /** Folders and files that cannot be read. */
  readonly refused: readonly { readonly label: string; readonly error: BatchError }[];
  /** Links that were not followed. */
  readonly links: readonly string[];
}

/** Deeper than any folder that a person made. */
const MAX_DEPTH = 64;

/** Walks one folder; nothing outside of it is found. */
class Walk {
  readonly #root: string;
  readonly #label: string;
  readonly #excluded: ReadonlySet<string>;
  readonly files: FoundFile[] = [];
  readonly refused: { label: string; error: BatchError }[] = [];
  readonly links: string[] = [];

  constructor(root: string, label: string, excluded: ReadonlySet<string>) {
    this.#root = root;
    this.#label = label;
    this.#excluded = excluded;
  }

  /** @param parts the names from the root down to the folder */
  async folder(parts: readonly string[]): Promise<void> {
    const path = join(this.#root, ...parts);
    try {
      const found = await readdir(path, { withFileTypes: true });
      const shown = found.filter(({ name }) => !name.startsWith("."));
      shown.sort((a, b) => byNaturalOrder(a.name, b.name));
      for (const each of shown) await this.#visit(each, [...parts, each.name]);
    } catch (cause) {
      this.#refuse(parts, cause);
    }
  }

  async #visit(each: Dirent, parts: readonly string[]): Promise<void> {
    const path = join(this.#root, ...parts);
    if (this.#excluded.has(path)) return;
    if (each.isDirectory()) {
      if (parts.length > MAX_DEPTH) this.#refuse(parts, new Error(`more than ${MAX_DEPTH} folders deep`));
      else await this.folder(parts);
    } else if (each.isSymbolicLink()) await this.#link(path, parts);
    else if (each.isFile()) await this.#file(path, parts);
  }

  /** A link to a file of this folder is that file once more; whatever else it leads to is left alone. */
  async #link(path: string, parts: readonly string[]): Promise<void> {
    const target = await realpath(path).catch(() => null);
    const isInside = target?.startsWith(this.#root + sep) ?? false;
    const isFile = target !== null && isInside && (await statOrNull(target))?.isFile();
    if (isFile) await this.#file(target, parts);
    else this.links.push(this.#labelOf(parts));
  }

  async #file(path: string, parts: readonly string[]): Promise<void> {
    try {
      const { size: bytes, mtime: modified } = await stat(path);
      this.files.push({ path, label: this.#labelOf(parts), relative: parts.join("/"), bytes, modified });
    } catch (cause) {
      this.#refuse(parts, cause);
    }
  }

  #refuse(parts: readonly string[], cause: unknown): void {
    const label = this.#labelOf(parts);
    this.refused.push({ label, error: readFailure(label, cause) });
  }

  #labelOf(parts: readonly string[]): string {
    return join(this.#label, ...parts);
  }
}

async function statOrNull(path: string): Promise<Stats | null> {
  return stat(path).catch(() => null);
}

/**
 * Finds the files below a folder, in natural order. Hidden ones are passed over, links out of the folder and links to
 * folders too.
 *
 * @param root real path
 * @param label as the user named it
 * @param excluded real paths that are not looked at
 */
export async function findFiles(
  root: string,
  label: string,
  excluded: ReadonlySet<string>,
): Promise<FoundFiles> {
  const walk = new Walk(root, label, excluded);
  await walk.folder([]);
  return walk;
}

/** An input that was named on the command line. */
export type NamedInput =
  | { readonly is: "folder"; readonly path: string; readonly label: string }
  | { readonly is: "file"; readonly file: FoundFile }
  /** Nothing there, or neither a file nor a folder. */
  | { readonly is: "unreadable"; readonly label: string; readonly error: BatchError };

/** Looks at what a name on the command line stands for. */
export async function findInput(label: string): Promise<NamedInput> {
  try {
    const path = await realpath(label);
    const found = await stat(path);
    if (found.isDirectory()) return { is: "folder", path, label };
    if (!found.isFile()) throw new Error("expected a file or a folder");
    const { size: bytes, mtime: modified } = found;
    // Called as the user calls it, also where that is a link.
    return { is: "file", file: { path, label, relative: basename(label), bytes, modified } };
  } catch (cause) {
    return { is: "unreadable", label, error: readFailure(label, cause) };
  }
}
