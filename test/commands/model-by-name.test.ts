import { writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { modelByName } from "../../src/commands/model-by-name.js";
import { temporaryFolder } from "../batch/temporary-folder.js";

const folder = temporaryFolder();

describe("modelByName", () => {
  it("finds a model of the folder by its name, with the scale where the files have one", async () => {
    for (const stem of ["plain", "video-x2", "video-x4"]) await writeFile(folder.at(`${stem}.param`), "");
    expect(modelByName(folder.path, "plain", 2)).toBe(folder.at("plain"));
    expect(modelByName(folder.path, "video", 2)).toBe(folder.at("video-x2"));
    expect(modelByName(folder.path, "video", null)).toBe(folder.at("video-x4"));
    expect(modelByName(folder.path, "none", null)).toBe(folder.at("none"));
  });

  it("leaves a name to the models that come with the program when no folder is named", () => {
    expect(modelByName(null, "bd2x-fast", null)).toBe("bd2x-fast");
  });
});
