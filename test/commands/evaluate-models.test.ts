import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { Command } from "commander";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EXIT } from "../../protocol/error-codes.js";
import { runEvaluateModels } from "../../src/commands/evaluate-models.js";
import { addEvaluateOptions } from "../../src/commands/evaluate-options.js";
import { addLogOptions } from "../../src/commands/program-log.js";
import { shippedModel } from "../support/engines.js";
import { paintScreentone } from "../support/images.js";

let folder: string;

async function addPage(name: string, seed: number): Promise<void> {
  const [width, height] = [131, 100];
  const { data } = paintScreentone(width, height, seed);
  await sharp(data, { raw: { width, height, channels: 3 } })
    .blur(0.8)
    .png()
    .toFile(join(folder, name));
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "evaluate-"));
  await addPage("one.png", 1);
  await addPage("two.png", 2);
});
afterAll(() => rm(folder, { recursive: true }));

/** Runs the command as its command line would. */
async function evaluate(...words: readonly string[]): Promise<{ code: number; text: string }> {
  const chunks: string[] = [];
  const output = new Writable({
    write(chunk: Buffer, _, done) {
      chunks.push(chunk.toString());
      done();
    },
  });
  let code = Number.NaN;
  const command = addLogOptions(addEvaluateOptions(new Command().exitOverride()), "error");
  command.configureOutput({ writeErr: () => undefined });
  command.action(async (models, options) => {
    code = await runEvaluateModels({ ...options, models }, output);
  });
  await command.parseAsync(["-g", "-1", "--threads", "1", ...words], { from: "user" });
  return { code, text: chunks.join("") };
}

describe("models evaluate", () => {
  it("ranks the shipped model above interpolations, in a table, a JSON file and a picture", async () => {
    const [json, sheet] = [join(folder, "all.json"), join(folder, "sheet.webp")];
    const { code, text } = await evaluate(
      ...["bd2x-fast", "--data", folder, "-q", "none,85", "--crop", "128", "--json", json, "--sheet", sheet],
    );
    expect(code).toBe(EXIT.ok);
    expect(text).toMatch(/^\| +\| +no JPEG \| +q85 \| seconds \|$/m);
    const rows = [...text.matchAll(/^\| (bicubic|Lanczos|bd2x-fast) +\| +([\d.]+) \/ ([\d.]+) \|/gm)];
    const [bicubic = Number.NaN, lanczos, fast] = rows.map(([, , db]) => Number(db));
    expect(rows.map(([, name]) => name)).toEqual(["bicubic", "Lanczos", "bd2x-fast"]);
    expect(lanczos).toBeGreaterThan(bicubic);
    expect(fast).toBeGreaterThan(bicubic + 1);

    const report = JSON.parse(await readFile(json, "utf8"));
    expect(report.images).toEqual([
      { name: "one.png", sha256: expect.stringMatching(/^[0-9a-f]{64}$/), width: 128, height: 100 },
      expect.objectContaining({ name: "two.png" }),
    ]);
    expect(report.rows[2]).toMatchObject({ name: "bd2x-fast", modelSha256: (await shippedModel()).sha256 });
    expect(report.rows[2].images).toHaveLength(4);
    const means = report.rows[2].images.filter(({ quality }: { quality: number | null }) => quality === 85);
    expect(report.rows[2].means[1].ssim).toBeCloseTo((means[0].ssim + means[1].ssim) / 2, 12);

    const picture = await sharp(sheet).metadata();
    expect([picture.width, picture.height]).toEqual([4 * 228 + 4, 40 + 2 * 248]);
  });

  it("compares at another scale what gives it in two passes", async () => {
    // The others' screentone is beyond recovery at a third of its size.
    const ink = await mkdtemp(join(tmpdir(), "evaluate-ink-"));
    const drawing =
      '<svg xmlns="http://www.w3.org/2000/svg" width="132" height="99"><rect width="132" height="99" fill="#fff"/>' +
      '<path d="M9 80C30 10 60 90 84 30L120 84Z" fill="#e8b04a" stroke="#000" stroke-width="5"/></svg>';
    await sharp(Buffer.from(drawing)).png().toFile(join(ink, "ink.png"));
    const { code, text } = await evaluate("bd2x-fast", "--data", ink, "-q", "none", "--scale", "3");
    await rm(ink, { recursive: true });
    expect(code).toBe(EXIT.ok);
    expect(text).toMatch(/^## 3x$/m);
    const rows = [...text.matchAll(/^\| (bicubic|Lanczos|bd2x-fast, twice) +\| +([\d.]+) \//gm)];
    const [bicubic = Number.NaN, , twice] = rows.map(([, , db]) => Number(db));
    expect(rows.map(([, name]) => name)).toEqual(["bicubic", "Lanczos", "bd2x-fast, twice"]);
    // A picture that lies half a pixel beside the original would come out far below.
    expect(twice).toBeGreaterThan(bicubic);
  });

  it("leaves bad files out, says so, and ends as a failure", async () => {
    const bad = await mkdtemp(join(tmpdir(), "evaluate-bad-"));
    await writeFile(join(bad, "broken.png"), "no image");
    const { code, text } = await evaluate("bd2x-fast", "--data", bad);
    expect(code).toBe(EXIT.failure);
    expect(text).toMatch(/, 0 images,/);
    expect(text).toMatch(/Left out: broken\.png: expected data to be/);
    await rm(bad, { recursive: true });
  });

  it.each([
    ["a quality named twice", ["-q", "85,85"], /every quality once/],
    ["a quality above 100", ["-q", "101"], /an integer from 1 to 100/],
    ["a picture of another kind", ["--sheet", "sheet.jpg"], /\.png or \.webp/],
    ["a crop that nothing could be scored in", ["--crop", "60"], /from 128 to/],
  ])("refuses %s", async (_, words, message) => {
    await expect(evaluate("bd2x-fast", "--data", folder, ...words)).rejects.toThrow(message);
  });

  it("refuses a model that is not there before it looks at images", async () => {
    await expect(evaluate("nobody's", "--data", folder)).rejects.toMatchObject({ code: "gpu_init_failed" });
  });
});
