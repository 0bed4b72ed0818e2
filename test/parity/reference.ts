import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { PACKAGE_ROOT } from "../../src/package-root.js";
import type { PixelBuffer } from "../../src/stages/page.js";
import { run, SETUP_FOLDER, works } from "../clients/reference-client.js";

const SCRIPTS = join(PACKAGE_ROOT, "scripts", "parity");
const VENV = join(SETUP_FOLDER, "parity");
const MODULES = ["-c", "import numpy, PIL"];

/** Named where the tests are left out. */
export const REFERENCE_REMEDY =
  "apt-get install -y python3 python3-venv, with access to a Python package index";

/** A model's two files. */
export interface NetworkPaths {
  readonly paramPath: string;
  readonly binPath: string;
}

/**
 * Finds a Python with NumPy and Pillow: the one that BDREADER_PARITY_PYTHON names, python3, or a virtual environment that
 * is made for it and kept.
 *
 * @returns null when there is none and none can be made
 */
export function findReferencePython(): string | null {
  const named = process.env.BDREADER_PARITY_PYTHON;
  if (named !== undefined) {
    if (works([named, ...MODULES])) return named;
    throw new Error(
      `expected BDREADER_PARITY_PYTHON to be a Python with NumPy and Pillow, received ${named}`,
    );
  }
  const python = join(VENV, "bin", "python");
  const found = [python, "python3"].find((candidate) => works([candidate, ...MODULES]));
  if (found !== undefined) return found;
  if (!works(["python3", "-m", "venv", "--clear", VENV])) return null;
  return works([python, "-m", "pip", "install", "--quiet", "numpy", "pillow"]) ? python : null;
}

/**
 * Runs the NumPy reference over a whole image.
 *
 * @param frame whose edges and padding, a name of scripts/parity/frames.py
 * @returns the result rounded to bytes
 */
export async function runReference(
  python: string,
  { paramPath, binPath }: NetworkPaths,
  frame: string,
  { data, width, height }: PixelBuffer,
): Promise<PixelBuffer> {
  const folder = await mkdtemp(join(tmpdir(), "bdreader-parity-"));
  try {
    const [input, output] = [join(folder, "input.png"), join(folder, "output.png")];
    await sharp(data, { raw: { width, height, channels: 3 } })
      .png()
      .toFile(input);
    const options = ["--param", paramPath, "--bin", binPath, "--frame", frame];
    run({
      command: [python, join(SCRIPTS, "reference.py"), ...options, input, output],
      cwd: folder,
      env: process.env,
    });
    const { data: pixels, info } = await sharp(output)
      .removeAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true });
    return { data: new Uint8Array(pixels), width: info.width, height: info.height, channels: 3 };
  } finally {
    await rm(folder, { recursive: true });
  }
}
