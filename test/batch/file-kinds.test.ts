import { describe, expect, it } from "vitest";
import { archiveOutputName, isArchiveName, isPageName, pageOutputNames } from "../../src/batch/file-kinds.js";

describe("isPageName", () => {
  it.each(["1.jpg", "a/1.JPEG", "1.bmp", "x.tar.webp"])("takes %s for a page", (path) => {
    expect(isPageName(path)).toBe(true);
  });

  it.each(["ComicInfo.xml", "jpg", ".jpg.txt", "a/._1.jpg", "__MACOSX/a/1.jpg", "1.jpg/2.txt"])(
    "takes %s for something else",
    (path) => {
      expect(isPageName(path)).toBe(false);
    },
  );
});

describe("output names", () => {
  it("changes the ending to the format's, unless it says the format already", () => {
    expect(pageOutputNames("a.b/1.jpg", "webp")[0]).toBe("a.b/1.webp");
    expect(pageOutputNames("1.JPEG", "jpeg")[0]).toBe("1.JPEG");
    expect(pageOutputNames("1.png", "jpeg")[0]).toBe("1.jpg");
    expect(pageOutputNames("page", "png")[0]).toBe("page.png");
  });

  it("makes CBZ of every kind of archive but ZIP", () => {
    const archives = ["a.cbz", "a.CBR", "a.rar", "a.cb7", "a.7z", "a.zip"];
    expect(archives.every(isArchiveName)).toBe(true);
    expect(archives.map(archiveOutputName)).toEqual(["a.cbz", "a.cbz", "a.cbz", "a.cbz", "a.cbz", "a.zip"]);
  });
});
