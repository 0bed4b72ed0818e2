import { describe, expect, it } from "vitest";
import { safeEntryPath, shortenName } from "../../src/batch/safe-names.js";

describe("safeEntryPath", () => {
  it.each([
    ["..", "leads out"],
    ["../001.jpg", "leads out"],
    ["a/../../001.jpg", "leads out"],
    ["a\\..\\..\\001.jpg", "leads out"],
    ["/etc/passwd", "absolute"],
    ["\\\\server\\share\\001.jpg", "absolute"],
    ["C:\\001.jpg", "drive"],
    ["c:001.jpg", "drive"],
    ["001.jpg\0.exe", "NUL"],
    ["", "empty"],
    ["./.", "empty"],
    [`${"a/".repeat(70)}001.jpg`, "too long"],
    [`${`${"b".repeat(200)}/`.repeat(20)}001.jpg`, "too long"],
  ])("refuses %j", (name, reason) => {
    expect(() => safeEntryPath(name)).toThrow(
      expect.objectContaining({ code: "name_unsafe", message: expect.stringContaining(reason) }),
    );
  });

  it.each([
    ["chapter 1/001.jpg", "chapter 1/001.jpg"],
    ["chapter\\001.jpg", "chapter/001.jpg"],
    ["./a//b/./001.jpg", "a/b/001.jpg"],
    ["..001.jpg", "..001.jpg"],
    ["第一話/表紙.png", "第一話/表紙.png"],
    ["a\u001b[31mred\n.jpg", "a_[31mred_.jpg"],
    ["gpj.\u202e100", "gpj._100"],
    ["aux.jpg", "_aux.jpg"],
    ["COM1/nul", "_COM1/_nul"],
    ["console.jpg", "console.jpg"],
    ["half \ud800.jpg", "half \ufffd.jpg"],
  ])("makes %j harmless", (name, path) => {
    expect(safeEntryPath(name)).toBe(path);
  });

  it("cuts a name that no file system takes, and keeps its ending", () => {
    const path = safeEntryPath(`${"長".repeat(200)}.jpg`);
    expect(path).toMatch(/^長+\.jpg$/);
    expect(Buffer.byteLength(path)).toBeLessThanOrEqual(255);
    expect(Buffer.byteLength(path)).toBeGreaterThan(250);
  });

  it("says an unsafe name in a message without what acts on a terminal", () => {
    expect(() => safeEntryPath("../\u001b[2J.jpg")).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining("\u001b") }),
    );
  });
});

describe("shortenName", () => {
  it("never cuts a character in two", () => {
    for (let most = 4; most < 30; most++) {
      const short = shortenName("ああああああああああああ", most);
      expect(short).toMatch(/^あ*$/);
      expect(Buffer.byteLength(short)).toBeLessThanOrEqual(most);
    }
  });

  it("cuts an ending too that is longer than names are", () => {
    expect(Buffer.byteLength(shortenName(`a.${"x".repeat(500)}`))).toBeLessThanOrEqual(255);
  });
});
