import { mkdir, writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { findInput } from "../../src/batch/find-files.js";
import { chooseTarget } from "../../src/batch/output-target.js";
import type { OutputFormat } from "../../src/stages/page.js";
import { temporaryFolder } from "./temporary-folder.js";

const folder = temporaryFolder();

async function target(inputs: readonly string[], output: string, format: OutputFormat | null = null) {
  await mkdir(folder.at("folder"), { recursive: true });
  await mkdir(folder.at("there.webp"), { recursive: true });
  for (const name of ["1.jpg", "2.jpg", "book.cbz"]) await writeFile(folder.at(name), "");
  const found = await Promise.all(inputs.map((input) => findInput(folder.at(input))));
  const chosen = await chooseTarget(`${folder.path}/${output}`, format, found);
  return { ...chosen, path: chosen.path.slice(folder.path.length + 1) };
}

describe("chooseTarget", () => {
  it.each<[string, string[], string, OutputFormat | null, object]>([
    ["an image for an image", ["1.jpg"], "x.png", null, { is: "image", format: "png" }],
    ["the format that is named", ["1.jpg"], "x.png", "webp", { is: "image", format: "webp" }],
    ["any name with a format", ["1.jpg"], "x.foo", "jpeg", { is: "image", path: "x.foo" }],
    ["a folder that is there", ["1.jpg"], "folder", null, { is: "folder", format: "webp" }],
    ["a folder that looks like an image", ["1.jpg"], "there.webp", null, { is: "folder" }],
    ["a folder that is to be made", ["1.jpg"], "new/", "png", { is: "folder", path: "new", format: "png" }],
    ["a folder for a folder", ["folder"], "Vol.1", null, { is: "folder", path: "Vol.1" }],
    ["a folder for several", ["1.jpg", "2.jpg"], "new/deep", null, { is: "folder", path: "new/deep" }],
    ["a folder for an archive", ["book.cbz"], "new", null, { is: "folder" }],
    ["an archive", ["1.jpg"], "x.cbz", null, { is: "archive", format: "webp" }],
    ["an archive called ZIP", ["book.cbz"], "x.ZIP", "jpeg", { is: "archive", format: "jpeg" }],
  ])("takes %s", async (_, inputs, output, format, expected) => {
    expect(await target(inputs, output, format)).toMatchObject(expected);
  });

  it.each([
    ["a name that says no format", ["1.jpg"], "x.bmp", "unsupported_option"],
    ["no ending", ["1.jpg"], "x", "unsupported_option"],
    ["an archive that cannot be written", ["folder"], "x.cbr", "unsupported_option"],
    ["one image for several", ["1.jpg", "2.jpg"], "x.webp", "output_conflict"],
    ["one image for a folder", ["folder"], "x.webp", "output_conflict"],
    ["one image for an archive", ["book.cbz"], "x.webp", "output_conflict"],
  ])("refuses %s", async (_, inputs, output, code) => {
    await expect(target(inputs, output)).rejects.toMatchObject({ code });
  });
});
