import { spawnSync } from "node:child_process";
import { cp, mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "./fixtures/temporary-folder.js";

const ROOT = path.resolve(import.meta.dirname, "../..");
const SCRIPT = "addon/gyp-flags.mjs";

/** A tree that holds nothing but the script and what the set-up found of both libraries. */
async function treeWith(record: object | null) {
  const tree = await temporaryFolder();
  for (const file of [SCRIPT, "scripts/setup/paths.mjs"])
    await cp(path.join(ROOT, file), path.join(tree, file));
  await mkdir(path.join(tree, ".setup"));
  for (const name of record ? ["ncnn", "libwebp"] : [])
    await writeFile(path.join(tree, `.setup/${name}.json`), JSON.stringify(record));
  return (...args: string[]) =>
    spawnSync(process.execPath, [path.join(tree, SCRIPT), ...args], { encoding: "utf8" });
}

describe("flags for binding.gyp", () => {
  it("are what the set-up found, quoted where a shell would split them", async () => {
    const print = await treeWith({
      includeDir: "/opt/it's ncnn/include",
      libraries: ["/opt/ncnn/lib/libncnn.a", "-Wl,-rpath,/opt/ncnn/lib"],
    });
    expect(print("ncnn", "include_dirs").stdout).toBe("'/opt/it'\\''s ncnn/include'\n");
    expect(print("libwebp", "libraries").stdout).toBe("/opt/ncnn/lib/libncnn.a -Wl,-rpath,/opt/ncnn/lib\n");
  });

  it("are refused with a remedy before the set-up has run", async () => {
    const { status, stderr } = (await treeWith(null))("ncnn", "libraries");
    expect(status).toBe(1);
    expect(stderr).toContain("found no such record: run npm run setup");
  });

  it("are refused under an unknown name", async () => {
    const print = await treeWith({});
    const { status, stderr } = print("ncnn", "cflags");
    expect(status).toBe(1);
    expect(stderr).toContain("expected one of include_dirs, libraries, is_there, received 'cflags'");
    expect(print("zlib", "libraries").stderr).toContain("expected one of ncnn, libwebp, received 'zlib'");
  });

  it("tell whether a library is there that the addon can do without", async () => {
    expect((await treeWith({}))("libwebp", "is_there").stdout).toBe("yes\n");
    expect((await treeWith(null))("libwebp", "is_there").stdout).toBe("no\n");
  });
});
