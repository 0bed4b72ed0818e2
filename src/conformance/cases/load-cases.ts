import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { messageOf } from "../../errors.js";
import { PACKAGE_ROOT } from "../../package-root.js";
import { PATTERN_OPERATORS, requireKnownOperators } from "../engine/pattern.js";
import { KitError } from "../kit-error.js";
import { type ClientCase, clientCase, type WorkerCase, workerCase } from "./case-schema.js";
import { isRecord, operatorOf, PLACEHOLDER_NAMES } from "./template.js";

/** Folder with the cases that come with the package, in `worker/` and `client/`. */
export const CASE_FOLDER = join(PACKAGE_ROOT, "protocol", "conformance");

const EACH = "$each";
const KNOWN_OPERATORS = [...PLACEHOLDER_NAMES, ...PATTERN_OPERATORS];

/**
 * @param folder one with case files (*.json) in its folder `worker/`
 * @throws {KitError} wrong_case_file, with the file and the place in it
 */
export function loadWorkerCases(folder: string = CASE_FOLDER): WorkerCase[] {
  return loadFolder(join(folder, "worker"), workerCase);
}

/** Like `loadWorkerCases`, for the cases that a client is held against. */
export function loadClientCases(folder: string = CASE_FOLDER): ClientCase[] {
  return loadFolder(join(folder, "client"), clientCase);
}

type Case = WorkerCase | ClientCase;

function loadFolder<One extends Case>(folder: string, schema: z.ZodType<One>): One[] {
  const names = listFiles(folder);
  const cases = names.flatMap((name) => loadFile(join(folder, name), schema));
  const seen = new Set<string>();
  for (const { id } of cases) {
    if (seen.has(id))
      throw new KitError("wrong_case_file", `expected distinct ids in ${folder}, received ${id} twice`);
    seen.add(id);
  }
  return cases;
}

function listFiles(folder: string): string[] {
  let names: string[];
  try {
    names = readdirSync(folder).filter((name) => name.endsWith(".json"));
  } catch (cause) {
    throw new KitError("wrong_case_file", `expected a folder with case files, received ${messageOf(cause)}`, {
      cause,
    });
  }
  if (names.length === 0)
    throw new KitError("wrong_case_file", `expected case files (*.json) in ${folder}, received none`);
  return names.sort();
}

function loadFile<One extends Case>(path: string, schema: z.ZodType<One>): One[] {
  const raw = readJson(path);
  if (!isRecord(raw) || !Array.isArray(raw.cases)) {
    throw new KitError("wrong_case_file", `expected {"cases": [...]} in ${path}, received something else`);
  }
  return raw.cases.flatMap((entry: unknown, index) => {
    const where = `cases[${index}] of ${path}`;
    return expand(entry).map((one) => check(one, schema, where));
  });
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new KitError("wrong_case_file", `expected JSON in ${path}, received ${messageOf(cause)}`, {
      cause,
    });
  }
}

/** Makes the cases of an entry with `each`; their ids end with the label. */
function expand(entry: unknown): unknown[] {
  if (!isRecord(entry) || !isRecord(entry.each)) return [entry];
  const { each, ...shared } = entry;
  return Object.entries(each).map(([label, value]) => {
    return { ...(substitute(shared, value) as object), id: `${String(entry.id)}:${label}` };
  });
}

function substitute(template: unknown, value: unknown): unknown {
  if (operatorOf(template)?.name === EACH) return value;
  if (Array.isArray(template)) return template.map((item) => substitute(item, value));
  if (!isRecord(template)) return template;
  return Object.fromEntries(Object.entries(template).map(([key, inner]) => [key, substitute(inner, value)]));
}

function check<One extends Case>(entry: unknown, schema: z.ZodType<One>, where: string): One {
  const parsed = schema.safeParse(entry);
  if (!parsed.success) {
    throw new KitError("wrong_case_file", `${where} is wrong:\n${z.prettifyError(parsed.error)}`);
  }
  try {
    requireKnownOperators(entry, KNOWN_OPERATORS);
  } catch (thrown) {
    throw new KitError("wrong_case_file", `${where} is wrong: ${messageOf(thrown)}`, { cause: thrown });
  }
  return parsed.data;
}
