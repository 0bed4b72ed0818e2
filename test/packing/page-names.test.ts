import { describe, expect, it } from "vitest";
import { expectFitLabel, fileNameFor, labelsOf } from "../../src/packing/page-names.js";

describe("labelsOf", () => {
  it("names pages by their files, without folder and ending", () => {
    expect(
      labelsOf(["/a/b/001.jpg", "Chapter 2/page 7.final.PNG", "-x.webp", ".hidden", "größe.jpg"]),
    ).toEqual([...["001", "page 7.final", "-x", ".hidden", "größe"]]);
  });

  it("refuses files whose results would be one file", () => {
    expect(() => labelsOf(["a/1.jpg", "b/2.jpg", "b/1.png"])).toThrow(/received a\/1\.jpg and b\/1\.png/);
  });

  it("refuses names that no result could have", () => {
    for (const file of [`${"é".repeat(101)}.jpg`, "a\nb.jpg", "a\x1b[2J.jpg"]) {
      expect(() => labelsOf(["ok.jpg", file])).toThrow("expected 1 to 200 bytes");
    }
  });
});

describe("fileNameFor", () => {
  it("puts the format's ending after the label, and a strip's number before it", () => {
    expect(fileNameFor({ id: 3, label: "a.b", format: "jpeg" }, null)).toBe("a.b.jpg");
    expect(fileNameFor({ id: 3, label: "a.b", format: "webp" }, 7)).toBe("a.b-strip-007.webp");
  });

  it("falls back to the number of the request", () => {
    expect(fileNameFor({ id: 3, format: "webp" }, null)).toBe("page-0003.webp");
    expect(fileNameFor({ id: 12345, format: "png" }, 12)).toBe("page-12345-strip-012.png");
  });

  it.each(["", "/etc/passwd", "../x", "a/../../x", "x\0", "x\n", "x".repeat(201)])("refuses %j", (label) => {
    expect(() => expectFitLabel(label)).toThrow("as the label of a page");
    expect(() => fileNameFor({ id: 1, label, format: "webp" }, null)).toThrow("as the label of a page");
  });

  it("makes plain names even of dots", () => {
    expect(fileNameFor({ id: 1, label: "..", format: "webp" }, null)).toBe("...webp");
    expect(fileNameFor({ id: 1, label: ".", format: "webp" }, null)).toBe("..webp");
  });
});
