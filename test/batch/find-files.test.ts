import { mkdir, symlink, writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { findFiles, findInput } from "../../src/batch/find-files.js";
import { temporaryFolder } from "./temporary-folder.js";

const folder = temporaryFolder();

async function files(...paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    await mkdir(folder.at(path, ".."), { recursive: true });
    await writeFile(folder.at(path), path);
  }
}

describe("findFiles", () => {
  it("finds files in the order in which people count, folders among them, hidden ones not", async () => {
    await files(
      "in/10.jpg",
      "in/2.jpg",
      "in/vol 2/1.jpg",
      "in/vol 10/1.jpg",
      "in/.hidden/1.jpg",
      "in/.DS_Store",
    );
    const { files: found, refused, links } = await findFiles(folder.at("in"), "in", new Set());
    expect(found.map(({ relative }) => relative)).toEqual(["2.jpg", "10.jpg", "vol 2/1.jpg", "vol 10/1.jpg"]);
    expect(found[2]).toMatchObject({ label: "in/vol 2/1.jpg", bytes: 14 });
    expect({ refused, links }).toEqual({ refused: [], links: [] });
  });

  it("follows no link out of the folder, into a circle, or into nothing", async () => {
    await files("outside/secret.jpg", "in/1.jpg", "in/sub/2.jpg");
    for (const [target, name] of [
      ["../outside/secret.jpg", "file.jpg"],
      ["../outside", "folder"],
      ["..", "up"],
      [".", "self"],
      ["sub", "inside"],
      ["nowhere", "broken.jpg"],
      ["loop", "loop"],
      ["/dev/zero", "device.jpg"],
    ] as const) {
      await symlink(target, folder.at("in", name));
    }
    await symlink("sub/2.jpg", folder.at("in", "again.jpg"));
    const { files: found, links } = await findFiles(folder.at("in"), "in", new Set());
    expect(found.map(({ relative, path }) => [relative, path])).toEqual([
      ["1.jpg", folder.at("in/1.jpg")],
      ["again.jpg", folder.at("in/sub/2.jpg")],
      ["sub/2.jpg", folder.at("in/sub/2.jpg")],
    ]);
    expect([...links].sort()).toEqual(
      ["broken.jpg", "device.jpg", "file.jpg", "folder", "inside", "loop", "self", "up"].map(
        (each) => `in/${each}`,
      ),
    );
  });

  it("does not look into what is excluded", async () => {
    await files("in/1.jpg", "in/out/1.webp", "in/all.cbz");
    const excluded = new Set([folder.at("in/out"), folder.at("in/all.cbz")]);
    const { files: found } = await findFiles(folder.at("in"), "in", excluded);
    expect(found.map(({ relative }) => relative)).toEqual(["1.jpg"]);
  });

  it("tells of folders without end", async () => {
    await files(`in/${"d/".repeat(80)}1.jpg`);
    const { files: found, refused } = await findFiles(folder.at("in"), "in", new Set());
    expect(found).toEqual([]);
    expect(refused).toMatchObject([{ error: { code: "input_unreadable" } }]);
  });

  it("tells of a folder that vanished", async () => {
    const { refused } = await findFiles(folder.at("gone"), "gone", new Set());
    expect(refused).toMatchObject([{ label: "gone", error: { code: "input_unreadable" } }]);
  });
});

describe("findInput", () => {
  it("follows a link that the user named, and calls the file as the user does", async () => {
    await files("real.jpg");
    await symlink("real.jpg", folder.at("link.jpg"));
    expect(await findInput(folder.at("link.jpg"))).toMatchObject({
      is: "file",
      file: { path: folder.at("real.jpg"), relative: "link.jpg" },
    });
  });

  it.each(["/dev/null", "/nonexistent.jpg"])("refuses %s", async (path) => {
    expect(await findInput(path)).toMatchObject({ is: "unreadable", error: { code: "input_unreadable" } });
  });
});
