import { rm } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { inspectPrefix, prefixAround } from "../../addon/ncnn/inspect.mjs";
import { makeUpNcnn } from "./fixtures/made-up-ncnn.js";
import { temporaryFolder } from "./fixtures/temporary-folder.js";

describe("inspecting an ncnn installation", () => {
  it("lists a static ncnn with its shader compiler, in link order", async () => {
    const prefix = await makeUpNcnn(await temporaryFolder());
    const { version, includeDir, libraries } = await inspectPrefix(prefix);
    expect(version).toBe("1.0.20261020");
    expect(includeDir).toBe(path.join(prefix, "include"));
    expect(libraries.slice(0, 3)).toEqual(
      ["libncnn.a", "libglslang.a", "libglslang-default-resource-limits.a"].map((name) =>
        path.join(prefix, "lib", name),
      ),
    );
    expect(libraries).toContain("-fopenmp");
  });

  it("makes a shared ncnn be found again at run time", async () => {
    const prefix = await makeUpNcnn(await temporaryFolder(), { libraries: ["libncnn.so"] });
    const { libraries } = await inspectPrefix(prefix);
    expect(libraries.slice(0, 2)).toEqual([`${prefix}/lib/libncnn.so`, `-Wl,-rpath,${prefix}/lib`]);
  });

  it("prefers a whole static ncnn to a shared one, and a shared one to half a static one", async () => {
    const whole = await makeUpNcnn(await temporaryFolder(), {
      libraries: ["libncnn.so", "libncnn.a", "libglslang.a", "libglslang-default-resource-limits.a"],
    });
    expect((await inspectPrefix(whole)).libraries[0]).toBe(`${whole}/lib/libncnn.a`);
    const half = await makeUpNcnn(await temporaryFolder(), { libraries: ["libncnn.so", "libncnn.a"] });
    expect((await inspectPrefix(half)).libraries[0]).toBe(`${half}/lib/libncnn.so`);
  });

  it("accepts a newer release", async () => {
    const prefix = await makeUpNcnn(await temporaryFolder(), { version: "1.0.20270131" });
    expect((await inspectPrefix(prefix)).version).toBe("1.0.20270131");
  });

  it.each(["1.0.20260526", "1.0", "unknown"])("refuses version %s", async (version) => {
    const prefix = await makeUpNcnn(await temporaryFolder(), { version });
    await expect(inspectPrefix(prefix)).rejects.toThrow(
      `expected ncnn 1.0.20261020 or later in ${prefix}, found ${version}`,
    );
  });

  it.each([
    ["NCNN_VULKAN", "0"],
    ["NCNN_SIMPLEVK", "0"],
    ["NCNN_STRING", "0"],
    ["NCNN_STDIO", "0"],
  ])("refuses an ncnn built without %s", async (option, value) => {
    const prefix = await makeUpNcnn(await temporaryFolder(), { definitions: { [option]: value } });
    await expect(inspectPrefix(prefix)).rejects.toThrow(`built with ${option}=ON`);
  });

  it("refuses a static ncnn whose shader compiler is elsewhere", async () => {
    const prefix = await makeUpNcnn(await temporaryFolder(), { libraries: ["libncnn.a", "libglslang.a"] });
    await expect(inspectPrefix(prefix)).rejects.toThrow("found no libglslang-default-resource-limits.a");
  });

  it("refuses headers without a library", async () => {
    const prefix = await makeUpNcnn(await temporaryFolder(), { libraries: [] });
    await expect(inspectPrefix(prefix)).rejects.toThrow("expected libncnn.a or libncnn.so");
  });

  it("refuses a folder that holds no ncnn", async () => {
    const folder = await temporaryFolder();
    await expect(inspectPrefix(folder)).rejects.toThrow(
      `expected an ncnn installation in ${folder}, found no include/ncnn/platform.h`,
    );
  });
});

describe("the prefix around a folder", () => {
  it("is the folder itself or the one whose CMake files it holds", async () => {
    const prefix = await makeUpNcnn(await temporaryFolder());
    expect(prefixAround(prefix)).toBe(prefix);
    expect(prefixAround(path.join(prefix, "lib/cmake/ncnn"))).toBe(prefix);
  });

  it("is not searched for from a folder that is not ncnn's", async () => {
    const prefix = await makeUpNcnn(await temporaryFolder());
    expect(prefixAround(path.join(prefix, "lib"))).toBe(path.join(prefix, "lib"));
  });

  it("ends the search where the headers are gone", async () => {
    const prefix = await makeUpNcnn(await temporaryFolder());
    await rm(path.join(prefix, "include"), { recursive: true });
    const cmake = path.join(prefix, "lib/cmake/ncnn");
    expect(prefixAround(cmake)).toBe(cmake);
  });
});
