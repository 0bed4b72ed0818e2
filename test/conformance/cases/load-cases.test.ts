import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { loadClientCases, loadWorkerCases } from "../../../src/conformance/cases/load-cases.js";

const DOCUMENT = readFileSync(new URL("../../../protocol/PROTOCOL.md", import.meta.url), "utf8");

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** A folder of worker cases with one file of this content. */
function folderWith(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), "cases-"));
  folders.push(folder);
  mkdirSync(join(folder, "worker"));
  writeFileSync(join(folder, "worker", "own.json"), text);
  return folder;
}

const SOUND = { id: "own/ping", level: "required", rule: "comes back", steps: [{ do: "greet" }] };
const load = (...cases: unknown[]) => loadWorkerCases(folderWith(JSON.stringify({ cases })));

describe("the cases of the package", () => {
  const all = [...loadWorkerCases(), ...loadClientCases()];

  it.each(all.map(({ id, rule }) => [id, rule]))("%s quotes PROTOCOL.md", (_id, rule) => {
    expect(DOCUMENT.replaceAll(/\s+/g, " ")).toContain(rule.replaceAll(/\s+/g, " "));
  });

  it("are of both levels and both sides", () => {
    expect(new Set(loadWorkerCases().map(({ level }) => level))).toEqual(
      new Set(["required", "recommended"]),
    );
    expect(loadClientCases().some(({ needs }) => needs?.includes("restart"))).toBe(true);
  });
});

describe("loadWorkerCases", () => {
  it("makes a case of each entry of each", () => {
    const steps = [{ do: "send", message: { t: "ping", nonce: { $each: true } } }];
    const cases = load({ ...SOUND, each: { one: 1, two: 2 }, steps });
    expect(cases.map(({ id }) => id)).toEqual(["own/ping:one", "own/ping:two"]);
    expect(cases[1]?.steps).toEqual([{ do: "send", message: { t: "ping", nonce: 2 } }]);
  });

  it.each([
    ["an unknown step", { ...SOUND, steps: [{ do: "dance" }] }, /steps\[0\]\.do/],
    ["a misspelt field", { ...SOUND, stepz: [] }, /stepz/],
    ["a misspelt field of a step", { ...SOUND, steps: [{ do: "greet", wihtin_ms: 3 }] }, /wihtin_ms/],
    ["no steps", { ...SOUND, steps: [] }, /steps/],
    ["no rule", { ...SOUND, rule: "" }, /rule/],
    ["an unknown level", { ...SOUND, level: "nice" }, /level/],
    ["an id without a group", { ...SOUND, id: "ping" }, /framing\/zero-length/],
    ["half a byte", { ...SOUND, steps: [{ do: "write", bytes: "0" }] }, /hexadecimal/],
    [
      "an unknown operator",
      { ...SOUND, steps: [{ do: "expect", message: { t: { $like: "x" } } }] },
      /\$like/,
    ],
    [
      "an image outside the folder",
      { ...SOUND, steps: [{ do: "write", bytes: [{ image: "../x" }] }] },
      /images/,
    ],
  ])("refuses %s, and says where", (_what, one, message) => {
    expect(() => load(SOUND, one)).toThrow(message);
    expect(() => load(SOUND, one)).toThrow(/cases\[1\] of .*own\.json/);
  });

  it("refuses an id that comes twice", () => {
    expect(() => load(SOUND, SOUND)).toThrow(/own\/ping twice/);
  });

  it("refuses what is no JSON, no list of cases, no folder or an empty one", () => {
    expect(() => loadWorkerCases(folderWith("{"))).toThrow(/expected JSON in .*own\.json/);
    expect(() => loadWorkerCases(folderWith("[]"))).toThrow(/"cases"/);
    expect(() => loadWorkerCases("/nonexistent")).toThrow(/expected a folder with case files/);
    const empty = folderWith("{}");
    rmSync(join(empty, "worker", "own.json"));
    expect(() => loadWorkerCases(empty)).toThrow(/received none/);
  });
});
