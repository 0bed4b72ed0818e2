import { describe, expect, it } from "vitest";
import { pageOutputNames } from "../../src/batch/file-kinds.js";
import { NameBook } from "../../src/batch/name-book.js";

describe("NameBook", () => {
  it("keeps pages apart that differ only in their ending", () => {
    const names = new NameBook();
    const claimed = ["a/1.jpg", "a/1.png", "a/1.webp", "b/1.jpg"].map((path) =>
      names.claim(pageOutputNames(path, "webp")),
    );
    expect(claimed).toEqual(["a/1.webp", "a/1.png.webp", "a/1.webp.webp", "b/1.webp"]);
  });

  it("numbers entries of the same name, also where they differ in case or in Unicode's form", () => {
    const names = new NameBook();
    const claimed = ["Café.txt", "café.txt", "cafe\u0301.txt"].map((path) => names.claim([path]));
    expect(claimed).toEqual(["Café.txt", "café (2).txt", "cafe\u0301 (3).txt"]);
  });

  it("passes over a number that is a name already", () => {
    const names = new NameBook();
    for (const path of ["1 (2).txt", "1.txt"]) names.claim([path]);
    expect(names.claim(["1.txt"])).toBe("1 (3).txt");
  });

  it("keeps names within what file systems take, with the number", () => {
    const names = new NameBook();
    const long = `${"x".repeat(251)}.jpg`;
    const claimed = [1, 2, 3].map(() => names.claim(pageOutputNames(`folder/${long}`, "webp")));
    expect(new Set(claimed).size).toBe(3);
    for (const path of claimed) {
      expect(path).toMatch(/^folder\/x+.*\.webp$/);
      expect(Buffer.byteLength(path.slice("folder/".length))).toBeLessThanOrEqual(255);
    }
  });

  it("numbers a hundred thousand equal names without counting through all of them each time", () => {
    const names = new NameBook();
    for (let count = 1; count < 100_000; count++) names.claim(["1.txt"]);
    expect(names.claim(["1.txt"])).toBe("1 (100000).txt");
  });
});
