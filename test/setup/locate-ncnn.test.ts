import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it, vi } from "vitest";
import { locateNcnn } from "../../addon/ncnn/locate.mjs";
import { CommandError } from "../../scripts/setup/run-command.mjs";
import { makeUpNcnn } from "./fixtures/made-up-ncnn.js";
import { temporaryFolder } from "./fixtures/temporary-folder.js";

/** A machine with an own, an installed and a cached ncnn, all usable. */
async function machine() {
  const root = await temporaryFolder();
  const [own, installed, cached] = await Promise.all(
    ["own", "installed", "cached"].map((name) => makeUpNcnn(path.join(root, name))),
  );
  return {
    root,
    ncnnDir: own,
    installed,
    cached,
    installedCmakeFolder: async (): Promise<string | null> => `${installed}/lib/cmake/ncnn`,
    cachedPrefix: async () => `${cached}`,
    onPassedOver: vi.fn<(reason: string) => void>(),
  };
}

describe("locating ncnn", () => {
  it("takes NCNN_DIR first, as a prefix or as its CMake folder", async () => {
    const here = await machine();
    const own = `${here.ncnnDir}`;
    expect(await locateNcnn(here)).toMatchObject({ source: "NCNN_DIR", prefix: own });
    expect(await locateNcnn({ ...here, ncnnDir: `${own}/lib/cmake/ncnn` })).toMatchObject({ prefix: own });
  });

  it("does not fall back when NCNN_DIR cannot be used", async () => {
    const here = await machine();
    await rm(`${here.ncnnDir}/lib/libncnn.a`);
    await expect(locateNcnn(here)).rejects.toThrow(
      /^NCNN_DIR=.*expected libncnn\.a.*\nSet NCNN_DIR to another/s,
    );
    await expect(locateNcnn({ ...here, ncnnDir: "/nonexistent" })).rejects.toThrow(
      "NCNN_DIR=/nonexistent: expected an ncnn installation",
    );
  });

  it("takes an installed one before the cached build", async () => {
    const here = { ...(await machine()), ncnnDir: undefined };
    expect(await locateNcnn(here)).toMatchObject({ source: "installed", prefix: here.installed });
    expect(here.onPassedOver).not.toHaveBeenCalled();
  });

  it("passes over an installed one that is too old, and says so", async () => {
    const here = { ...(await machine()), ncnnDir: undefined };
    await makeUpNcnn(`${here.installed}`, { version: "1.0.20230223" });
    expect(await locateNcnn(here)).toMatchObject({ source: "cache", prefix: here.cached });
    expect(here.onPassedOver).toHaveBeenCalledExactlyOnceWith(expect.stringContaining("found 1.0.20230223"));
  });

  it("passes over an installed one that makes CMake fail, and says so", async () => {
    const here = { ...(await machine()), ncnnDir: undefined };
    const installedCmakeFolder = () => Promise.reject(new CommandError("cmake", 1, "no Vulkan"));
    expect(await locateNcnn({ ...here, installedCmakeFolder })).toMatchObject({ source: "cache" });
    expect(here.onPassedOver).toHaveBeenCalledExactlyOnceWith(expect.stringContaining("no Vulkan"));
  });

  it("finds none where the cache is empty or its build is no longer whole", async () => {
    const here = { ...(await machine()), ncnnDir: undefined, installedCmakeFolder: async () => null };
    await rm(`${here.cached}/include`, { recursive: true });
    expect(await locateNcnn(here)).toBeNull();
    const absent = path.join(here.root, "absent");
    expect(await locateNcnn({ ...here, cachedPrefix: async () => absent })).toBeNull();
    expect(existsSync(absent)).toBe(false);
  });
});
