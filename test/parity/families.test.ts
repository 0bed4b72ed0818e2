import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { NcnnEngine } from "../../src/engine/ncnn-engine.js";
import { CPU_INDEX } from "../../src/engine/select-device.js";
import { resolveForeignModel } from "../../src/models/catalogue.js";
import { PACKAGE_ROOT } from "../../src/package-root.js";
import type { PixelBuffer } from "../../src/stages/page.js";
import { announceSkipped } from "../clients/reference-client.js";
import { loadEngine, never, vulkanDevices } from "../support/engines.js";
import { compare, paintScreentone } from "../support/images.js";
import { GENERATED_FAMILIES } from "./generated-families.js";
import { findReferencePython, type NetworkPaths, REFERENCE_REMEDY, runReference } from "./reference.js";

const PUBLISHED_FOLDER = process.env.BDREADER_PUBLISHED_MODELS;

/** Networks as their programs publish them, with whose edges and padding they are run. */
const PUBLISHED: readonly [name: string, file: string, frame: string][] = [
  ["animevideov3 2x", "realesr-animevideov3/realesr-animevideov3-x2", "realesrgan"],
  ["general x4v3", "realesr-general-x4v3/RealESRGAN_General_x4_v3", "realesrgan"],
  ["SPAN 2x", "span-custom/2x_ModernSpanimationV1", "realesrgan"],
  ["OpenComic 2x", "opencomic-ai/opencomic-ai-upscale-2x-compact-450000", "realesrgan"],
  ["Real-CUGAN se 2x", "realcugan-se/up2x-conservative", "realcugan-2x"],
  ["Real-CUGAN se 3x", "realcugan-se/up3x-conservative", "realcugan-3x"],
  ["Real-CUGAN se 4x", "realcugan-se/up4x-conservative", "realcugan-4x"],
  ["Real-CUGAN pro 2x", "realcugan-pro/up2x-conservative", "realcugan-2x"],
  ["Real-CUGAN nose 2x", "realcugan-nose/up2x-no-denoise", "realcugan-2x"],
  ["waifu2x cunet", "waifu2x-cunet/noise0_scale2.0x_model", "waifu2x-cunet"],
  ["waifu2x upconv7", "waifu2x-upconv7-anime/noise0_scale2.0x_model", "waifu2x-upconv7"],
];

const WHOLE = 4096;
const SMALL_TILE = 48;
/** Two images closer than this are hard to tell apart even when they are flipped on one screen. */
const LEAST_PSNR = 50;
/** What fp32 must reach where program and engine make up the same surroundings: only the order of sums differs. */
const LEAST_PSNR_OF_SAME_SUMS = 70;
/** Below it a result is so flat or so clipped that it would agree with anything. */
const LEAST_LEVELS = 100;
/** Software Vulkan compiles a network's shaders first, and other tests may run beside these. */
const SLOW_MS = 240_000;

/** What a network is run on, and by which pages. */
interface Run {
  readonly device: string;
  readonly index: number;
  readonly precision: "fp32" | "fp16";
  readonly pages: readonly Page[];
}

interface Page {
  readonly name: string;
  readonly image: PixelBuffer;
}

const python = findReferencePython();
if (python === null) announceSkipped("parity with the NumPy reference", REFERENCE_REMEDY);
if (PUBLISHED_FOLDER === undefined) {
  announceSkipped(
    "parity of the published networks",
    "set BDREADER_PUBLISHED_MODELS to the folder that docs/quality.md describes",
  );
}

/** A piece of inked, toned drawing; neither side is a multiple of what any network aligns to. */
async function cropOfSamplePage(): Promise<PixelBuffer> {
  const { data, info } = await sharp(join(PACKAGE_ROOT, "assets", "sample-page", "page.jpg"))
    .extract({ left: 90, top: 120, width: 131, height: 101 })
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { data: new Uint8Array(data), width: info.width, height: info.height, channels: 3 };
}

const screentone: Page = { name: "screentone", image: paintScreentone(118, 99) };
const small: Page = { name: "a little screentone", image: paintScreentone(70, 57, 2) };
const drawing: Page = { name: "a drawn page", image: await cropOfSamplePage() };
const [vulkan] = vulkanDevices;
const RUNS: readonly Run[] = [
  { device: "CPU", index: CPU_INDEX, precision: "fp32", pages: [screentone, drawing] },
  // Software Vulkan is slow.
  ...(["fp32", "fp16"] as const).flatMap((precision) =>
    vulkan ? [{ device: vulkan.name, index: vulkan.index, precision, pages: [small] }] : [],
  ),
];

/** One network under test. */
interface Subject {
  readonly name: string;
  /** Whose edges and padding: a name of scripts/parity/frames.py. */
  readonly frame: string;
  /** Whether it sees no more of a page's surroundings than that program makes up, so that edges are equal too. */
  readonly sameEdges: boolean;
  paths(): NetworkPaths;
}

/** Results of the reference, which is the same for every device. */
const references = new Map<string, Promise<PixelBuffer>>();

function expectedOf({ name, frame, paths }: Subject, page: Page): Promise<PixelBuffer> {
  const key = `${name}/${page.name}`;
  const known = references.get(key) ?? runReference(python ?? "", paths(), frame, page.image);
  references.set(key, known);
  return known;
}

/** Holds one network against the reference on one page, whole and in tiles. */
async function expectParity(engine: NcnnEngine, subject: Subject, page: Page): Promise<void> {
  const expected = await expectedOf(subject, page);
  expect(new Set(expected.data).size).toBeGreaterThan(LEAST_LEVELS);
  const least = subject.sameEdges && engine.precision === "fp32" ? LEAST_PSNR_OF_SAME_SUMS : LEAST_PSNR;
  for (const tile of [WHOLE, SMALL_TILE]) {
    const { image } = await engine.upscale(page.image, { tile, signal: never });
    const where = `${subject.name}, ${page.name}, tile ${tile}, ${engine.precision} on ${engine.device.name}`;
    expect(image).toMatchObject({ width: expected.width, height: expected.height });
    const { psnr, largest, share } = compare(image.data, expected.data);
    const found = `${psnr.toFixed(1)} dB, ${(100 * share).toFixed(3)} % of the values differ, by ${largest} at most`;
    process.stdout.write(`${where}: ${found}\n`);
    expect(psnr, found).toBeGreaterThan(least);
  }
}

function describeParity(subject: Subject, isThere = true): void {
  for (const { device, index, precision, pages } of RUNS) {
    it.skipIf(python === null || !isThere)(
      `${subject.name} gives the reference's picture on ${device}, ${precision}`,
      async () => {
        const engine = await loadEngine(await resolveForeignModel(subject.paths().paramPath), index, {
          precision,
        });
        try {
          for (const page of pages) await expectParity(engine, subject, page);
        } finally {
          await engine.close();
        }
      },
      SLOW_MS,
    );
  }
}

describe("networks of random weights, built like the published ones", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "bdreader-families-"));
    for (const [index, family] of GENERATED_FAMILIES.entries()) {
      const { param, bin } = family.build();
      await writeFile(join(folder, `${index}.param`), param);
      await writeFile(join(folder, `${index}.bin`), bin);
    }
  });
  afterAll(() => rm(folder, { recursive: true }));

  for (const [index, { name, frame }] of GENERATED_FAMILIES.entries()) {
    const paths = () => pathsOf(join(folder, `${index}`));
    describeParity({ name: `random ${name}`, frame, sameEdges: true, paths });
  }
});

describe("this project's own networks", () => {
  for (const name of ["bd2x-fast", "bd2x"]) {
    const stem = join(PACKAGE_ROOT, "models", name, name);
    describeParity({ name, frame: name, sameEdges: true, paths: () => pathsOf(stem) });
  }
});

describe("published networks", () => {
  for (const [name, file, frame] of PUBLISHED) {
    const paths = () => pathsOf(join(PUBLISHED_FOLDER ?? "", file));
    describeParity({ name, frame, sameEdges: frame !== "realesrgan", paths }, PUBLISHED_FOLDER !== undefined);
  }
});

function pathsOf(stem: string): NetworkPaths {
  return { paramPath: `${stem}.param`, binPath: `${stem}.bin` };
}
