import { basename, dirname, join } from "node:path";
import type { UpscalerError } from "../errors.js";
import { archiveSource } from "./archive-source.js";
import { BatchError } from "./batch-error.js";
import type { BatchFiles } from "./batch-files.js";
import { archiveOutputName, isArchiveName, withoutEnding } from "./file-kinds.js";
import { findFiles, type NamedInput } from "./find-files.js";
import { type FoundFile, filesSource } from "./found-files.js";
import { NameBook } from "./name-book.js";
import type { OutputTarget } from "./output-target.js";
import type { Source } from "./source.js";

/** A source and where its entries go, below the root of what is written. */
export interface PlannedSource {
  readonly source: Source;
  /** Empty, or a folder's path with "/" at its end. */
  readonly prefix: string;
}

/** Files that are written one by one. */
export interface FilesTask {
  readonly writes: "files";
  /** Folder that all of them are below. */
  readonly root: string;
  /** Whether folders are made; not for a file that was named by the user. */
  readonly makesFolders: boolean;
  readonly names: NameBook;
  /** What the only file is called, whatever it is; null: by the name of what it is made from. */
  readonly fixedName: string | null;
  readonly sources: readonly PlannedSource[];
}

/** An archive that is written whole. */
export interface ArchiveTask {
  readonly writes: "archive";
  readonly path: string;
  readonly makesFolders: boolean;
  readonly sources: readonly PlannedSource[];
}

export type BatchTask = FilesTask | ArchiveTask;

/** Everything that there is to do, in its order. */
export interface BatchPlan {
  readonly tasks: readonly BatchTask[];
  /** Real paths of everything that is read: nothing of it may be written over. */
  readonly inputs: ReadonlySet<string>;
  /** Bytes of all that is read. */
  readonly bytes: number;
  readonly refused: readonly { readonly label: string; readonly error: UpscalerError<string> }[];
  /** Links that were not followed. */
  readonly links: readonly string[];
}

/** A found file with the folder that it goes into. */
interface Placed {
  readonly file: FoundFile;
  /** Empty, or with "/" at its end. */
  readonly prefix: string;
  /** Named by the user, so a page whatever it is called. */
  readonly isNamed: boolean;
}

/**
 * @param extract write the pages of archives as files, where archives would be written
 * @throws {BatchError} output_conflict: the output is an input
 */
export async function planBatch(
  inputs: readonly NamedInput[],
  target: OutputTarget,
  extract: boolean,
  io: BatchFiles,
): Promise<BatchPlan> {
  const placed: Placed[] = [];
  const refused: { label: string; error: BatchError }[] = [];
  const links: string[] = [];
  const isAlone = inputs.length === 1;
  for (const input of inputs) {
    if (input.is === "unreadable") {
      refused.push(input);
      continue;
    }
    expectApart(input, target);
    if (input.is === "file") {
      placed.push({ file: input.file, prefix: "", isNamed: true });
      continue;
    }
    const found = await findFiles(input.path, input.label, new Set([target.path]));
    const prefix = isAlone ? "" : `${basename(input.path)}/`;
    placed.push(...found.files.map((file) => ({ file, prefix, isNamed: false })));
    refused.push(...found.refused);
    links.push(...found.links);
  }
  return {
    tasks: planTasks(placed, target, extract, io),
    inputs: new Set(placed.map(({ file }) => file.path)),
    bytes: placed.reduce((sum, { file }) => sum + file.bytes, 0),
    refused,
    links,
  };
}

function expectApart(input: Exclude<NamedInput, { is: "unreadable" }>, target: OutputTarget): void {
  const path = input.is === "file" ? input.file.path : input.path;
  if (path !== target.path) return;
  const label = input.is === "file" ? input.file.label : input.label;
  throw new BatchError("output_conflict", `expected an output beside the input, received ${label} for both`);
}

function planTasks(
  placed: readonly Placed[],
  target: OutputTarget,
  extract: boolean,
  io: BatchFiles,
): readonly BatchTask[] {
  if (target.is === "folder") return planFolder(placed, target.path, extract, io);
  const sources = planSources(placed, io);
  if (target.is === "archive") {
    return [{ writes: "archive", path: target.path, makesFolders: false, sources }];
  }
  const [root, fixedName] = [dirname(target.path), basename(target.path)];
  return [{ writes: "files", root, makesFolders: false, names: new NameBook(), fixedName, sources }];
}

/** Each archive becomes one; files between two archives are one task. */
function planFolder(
  placed: readonly Placed[],
  root: string,
  extract: boolean,
  io: BatchFiles,
): readonly BatchTask[] {
  const names = new NameBook();
  const files = (sources: readonly PlannedSource[]): FilesTask => ({
    ...{ writes: "files", root, makesFolders: true, names, fixedName: null, sources },
  });
  if (extract) return [files(planSources(placed, io))];
  const tasks: BatchTask[] = [];
  for (const run of runsOf(placed)) {
    const [first] = run;
    if (first === undefined || !isArchiveName(first.file.path)) {
      tasks.push(files(planSources(run, io)));
      continue;
    }
    const name = names.claim([first.prefix + archiveOutputName(first.file.relative)]);
    const sources = [{ source: archiveSource(first.file), prefix: "" }];
    tasks.push({ writes: "archive", path: join(root, ...name.split("/")), makesFolders: true, sources });
  }
  return tasks;
}

/** Archives become folders of the same name; one that is all there is needs no folder. */
function planSources(placed: readonly Placed[], io: BatchFiles): readonly PlannedSource[] {
  const folders = new NameBook();
  return runsOf(placed).map((run) => {
    const [first] = run;
    if (first === undefined || !isArchiveName(first.file.path)) {
      const files = run.map(({ file, prefix }) => ({ ...file, relative: prefix + file.relative }));
      return { source: filesSource(files, io, first?.isNamed ?? false), prefix: "" };
    }
    const isAlone = placed.length === 1 && first.isNamed;
    const folder = folders.claim([first.prefix + withoutEnding(first.file.relative)]);
    return { source: archiveSource(first.file), prefix: isAlone ? "" : `${folder}/` };
  });
}

/** Cuts into archives, each by itself, and the files between them. */
function runsOf(placed: readonly Placed[]): readonly (readonly Placed[])[] {
  const runs: Placed[][] = [];
  for (const each of placed) {
    const last = runs.at(-1);
    const before = last?.at(-1);
    const continues =
      before !== undefined &&
      before.isNamed === each.isNamed &&
      !isArchiveName(before.file.path) &&
      !isArchiveName(each.file.path);
    if (continues) last?.push(each);
    else runs.push([each]);
  }
  return runs;
}
