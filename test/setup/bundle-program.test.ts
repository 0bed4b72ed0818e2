import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { bundleProgram } from "../../scripts/setup/bundle-program.mjs";
import { temporaryFolder } from "./fixtures/temporary-folder.js";

/** A program that imports files, `node:` modules and packages, one of which is to be bundled. */
const PROGRAM = {
  "package.json": '{ "type": "module" }',
  "cli.js": `
    import { basename } from "node:path";
    import { Command } from "commander";
    import { native } from "native-codec";
    import { part } from "./parts/part.js";
    const { late } = await import("./parts/late.js");
    console.log(basename("a/b"), Command, native, part, late);`,
  "parts/part.js": `export const part = "part";`,
  "parts/late.js": `import { part } from "./part.js"; export const late = "late " + part;`,
  "node_modules/commander/package.json": '{ "exports": "./index.js", "type": "module" }',
  "node_modules/commander/index.js": `export const Command = "command"; export const notUsed = "not used";`,
  "node_modules/commander/LICENSE": "as you like",
  "node_modules/native-codec/package.json": '{ "exports": "./index.js", "type": "module" }',
  "node_modules/native-codec/index.js": `export const native = import.meta.url.slice(-21);`,
};

async function writeProgram(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await temporaryFolder();
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return folder;
}

describe("bundleProgram", () => {
  it("leaves a program that does the same without its files, but with packages that are not bundled", async () => {
    const folder = await writeProgram(PROGRAM);
    const run = async () => (await promisify(execFile)(process.execPath, [join(folder, "cli.js")])).stdout;
    const before = await run();
    await bundleProgram(join(folder, "cli.js"));
    await rm(join(folder, "parts"), { recursive: true });
    await rm(join(folder, "node_modules", "commander"), { recursive: true });
    expect(await run()).toBe(before);
    expect(before).toBe("b command native-codec/index.js part late part\n");
  });

  it("keeps the licences of what it bundles, of nothing else", async () => {
    const folder = await writeProgram(PROGRAM);
    await bundleProgram(join(folder, "cli.js"));
    const licences = join(folder, "program", "licences");
    expect(await readdir(licences)).toEqual(["commander.txt"]);
    expect(await readFile(join(licences, "commander.txt"), "utf8")).toBe("as you like");
  });

  it("refuses a package whose licence is missing, and a file that is", async () => {
    const { "node_modules/commander/LICENSE": _, ...unlicensed } = PROGRAM;
    const { "parts/late.js": __, ...incomplete } = PROGRAM;
    await expect(bundleProgram(join(await writeProgram(unlicensed), "cli.js"))).rejects.toThrow(
      /expected a licence in .*commander/,
    );
    await expect(bundleProgram(join(await writeProgram(incomplete), "cli.js"))).rejects.toThrow(/late\.js/);
  });

  it("reads one file for each phase, with what the ones before have not read", async () => {
    const folder = await writeProgram({
      ...PROGRAM,
      "cli.js": `
        import { part } from "./parts/part.js";
        const { late } = await import("./parts/late.js");
        const { last } = await import("./parts/last.js");
        console.log(part, late, last);`,
      "parts/last.js": `
        import { late } from "./late.js";
        import { own } from "./own.js";
        export const last = late + own;`,
      "parts/own.js": `export const own = " own";`,
    });
    const phases = [
      { name: "first", modules: ["cli.js", "parts/late.js"] },
      { name: "second", modules: ["parts/last.js"] },
    ];
    await bundleProgram(join(folder, "cli.js"), phases);
    const { stdout } = await promisify(execFile)(process.execPath, [join(folder, "cli.js")]);
    expect(stdout).toBe("part late part late part own\n");
    const files = (await readdir(join(folder, "program"))).filter((name) => /\.js$/.test(name));
    const first = files.find((name) => name.startsWith("first-")) ?? "";
    const second = files.find((name) => name.startsWith("second-")) ?? "";
    expect(await readFile(join(folder, "program", first), "utf8")).toContain('"part"');
    expect(await readFile(join(folder, "program", second), "utf8")).toContain('" own"');
    expect(await readFile(join(folder, "program", second), "utf8")).not.toContain('"part"');
  });

  it("refuses a phase of a module that is not read by itself", async () => {
    const folder = await writeProgram(PROGRAM);
    const phases = [{ name: "first", modules: ["parts/part.js"] }];
    await expect(bundleProgram(join(folder, "cli.js"), phases)).rejects.toThrow("expected parts/part.js");
  });
});
