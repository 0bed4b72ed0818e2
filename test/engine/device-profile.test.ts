import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { allArithmetics, fp32Arithmetic } from "../../src/engine/arithmetic.js";
import { CacheFolder } from "../../src/engine/cache-folder.js";
import {
  findChoice,
  type ProfileChoice,
  type ProfileKey,
  pipelineCacheName,
  profileDigest,
  readProfile,
  withChoice,
  writeProfile,
} from "../../src/engine/device-profile.js";

const key: ProfileKey = {
  ...{ deviceUuid: "00ff", driverVersion: "580.1", modelSha256: "ab".repeat(32), programVersion: "1.0.0" },
};
const auto = { precision: "auto", winograd: true } as const;
const choice: ProfileChoice = {
  request: auto,
  unfinished: 0,
  settled: {
    arithmetic: fp32Arithmetic(true),
    rows: [
      {
        arithmetic: fp32Arithmetic(true),
        outcome: { kind: "measured", ms: 1.5, psnrDb: Number.POSITIVE_INFINITY },
      },
      { arithmetic: fp32Arithmetic(false), outcome: { kind: "measured", ms: 2.5, psnrDb: 71.25 } },
      { arithmetic: fp32Arithmetic(false), outcome: { kind: "failed", reason: "no memory" } },
      { arithmetic: fp32Arithmetic(false), outcome: { kind: "skipped" } },
    ],
  },
};

let root: string;
let folder: CacheFolder;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "bdreader-profile-"));
  const opened = await CacheFolder.open(root);
  if (opened.folder === null) throw new Error(opened.reason);
  folder = opened.folder;
});
afterEach(() => rm(root, { recursive: true }));

const kept = async (of: ProfileKey = key) => findChoice(await readProfile(folder, of), auto);

async function write(): Promise<string> {
  await writeProfile(folder, withChoice(await readProfile(folder, key), choice));
  return folder.pathOf(`${profileDigest(key)}.json`);
}

describe("a profile", () => {
  it("comes back as it was written, infinite decibels included", async () => {
    await write();
    expect(await kept()).toEqual(choice);
  });

  it.each(Object.keys(key))("is not found for another %s", async (field) => {
    await write();
    const other = { ...key, [field]: `${key[field as keyof ProfileKey]}0` };
    expect(profileDigest(other)).not.toBe(profileDigest(key));
    expect(await kept(other)).toBeNull();
  });

  it.each([
    ["damaged", () => "{"],
    ["of a newer format", (text: string) => text.replace('"format": 1', '"format": 2')],
    ["about another device", (text: string) => text.replace('"00ff"', '"00fe"')],
    ["with a time that is none", (text: string) => text.replace('"ms": 1.5', '"ms": -1.5')],
    [
      "with an arithmetic that there is not",
      (text: string) => text.replace('"fp16Arithmetic": false', '"fp16Arithmetic": true'),
    ],
    ["with unknown fields", (text: string) => text.replace('"format"', '"owner": 1, "format"')],
  ])("is ignored when it is %s", async (_, change) => {
    const path = await write();
    const before = await readFile(path, "utf8");
    const after = change(before);
    expect(after).not.toBe(before);
    await writeFile(path, after);
    expect(await kept()).toBeNull();
    // And can be replaced by a good one.
    await write();
    expect(await kept()).toEqual(choice);
  });

  it("keeps a choice per request, the last one of each", async () => {
    const fp16 = { ...choice, request: { precision: "fp16", winograd: false } as const };
    const begun = { ...choice, unfinished: 1, settled: null };
    const empty = await readProfile(folder, key);
    await writeProfile(folder, withChoice(withChoice(withChoice(empty, begun), fp16), choice));
    const profile = await readProfile(folder, key);
    expect(profile.choices).toHaveLength(2);
    expect(findChoice(profile, fp16.request)).toEqual(fp16);
    expect(findChoice(profile, auto)).toEqual(choice);
    expect(findChoice(profile, { precision: "auto", winograd: false })).toBeNull();
  });
});

describe("pipelineCacheName", () => {
  it("is a plain file name of its own for each arithmetic, dropped with its profile", () => {
    const names = allArithmetics().map((arithmetic) => pipelineCacheName(key, arithmetic));
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) {
      expect(name).toMatch(/^[0-9a-f]{64}-[a-z0-9-]+\.pipelines$/);
      expect(name.startsWith(profileDigest(key))).toBe(true);
    }
  });
});
