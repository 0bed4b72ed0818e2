import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { JpegSplitter } from "../../src/pipe/jpeg-splitter.js";
import { paintScreentone, seededRandom } from "../support/images.js";
import { INDEX_AT, jpeg, multiPictureIndex, plainJpeg, scan, segment } from "./jpeg-files.js";

type Found = Buffer | string;

function split(stream: Uint8Array, chunkBytes: () => number, maxBytes = 1_000_000): Found[] {
  const found: Found[] = [];
  const splitter = new JpegSplitter(
    {
      onImage: (data) => found.push(Buffer.from(data)),
      onTooLarge: (bytes) => found.push(`too large: ${bytes}`),
      onFurtherPicture: (bytes) => found.push(`further: ${bytes}`),
      onJunk: (bytes) => found.push(`junk: ${bytes}`),
    },
    maxBytes,
  );
  for (let at = 0; at < stream.length; ) {
    const chunk = stream.slice(at, at + chunkBytes());
    splitter.push(chunk);
    at += chunk.length;
  }
  splitter.end();
  return found;
}

/** Splits in one piece, byte by byte and in random pieces; the result must always be the same. */
function splitAnyhow(parts: readonly Uint8Array[], maxBytes?: number): Found[] {
  const stream = Buffer.concat(parts);
  const random = seededRandom(5);
  const whole = split(stream, () => stream.length, maxBytes);
  expect(split(stream, () => 1, maxBytes)).toEqual(whole);
  for (let round = 0; round < 20; round++) {
    expect(split(stream, () => 1 + Math.floor(random() * 90), maxBytes)).toEqual(whole);
  }
  return whole;
}

const [a, b, c] = [plainJpeg(1), plainJpeg(2), plainJpeg(3)] as const;

describe("JpegSplitter", () => {
  it("cuts files that follow one another, with restarts, stuffed and fill bytes in their scans", () => {
    expect(splitAnyhow([a, b, c])).toEqual([a, b, c]);
  });

  it("cuts what an encoder writes, baseline and progressive", async () => {
    const { data, width, height } = paintScreentone(70, 50);
    const image = sharp(data, { raw: { width, height, channels: 3 } });
    const files = [await image.jpeg().toBuffer(), await image.jpeg({ progressive: true }).toBuffer()];
    expect(splitAnyhow([...files, ...files])).toEqual([...files, ...files]);
  });

  it("takes no thumbnail inside a segment for a page, in the header or between two scans", () => {
    const page = jpeg(
      segment(0xe1, a),
      segment(0xed, Buffer.concat([b, b])),
      scan(7),
      segment(0xe5, c),
      scan(8),
    );
    expect(splitAnyhow([page, a])).toEqual([page, a]);
  });

  it("keeps tables, comments, line numbers and further scans with their image", () => {
    const tables = [0xc4, 0xcc, 0xdb, 0xdc, 0xdd, 0xfe].map((code) =>
      segment(code, Buffer.from([0xff, 0xd9, 0xff])),
    );
    const page = jpeg(...tables, scan(1), ...tables, scan(2), segment(0xc4, Buffer.alloc(0)), scan(3));
    expect(splitAnyhow([page, b])).toEqual([page, b]);
  });

  it("leaves out fill bytes between images, and tells of anything else", () => {
    const fill = Buffer.from([0, 0, 0xff, 0xff, 0, 0xff]);
    expect(splitAnyhow([fill, a, fill, b, Buffer.from("\r\n--frame\xff\xd8.", "latin1"), c, fill])).toEqual([
      a,
      b,
      "junk: 11",
      c,
    ]);
  });

  it("hands over what there is of a last image that was cut off, wherever that was", () => {
    for (let length = 3; length < b.length; length++) {
      expect(split(Buffer.concat([a, b.subarray(0, length)]), () => 50)).toEqual([a, b.subarray(0, length)]);
    }
  });

  it("goes on with the next image when one was cut off in its scan or between segments", () => {
    const cuts = [b.indexOf(Buffer.from([0xff, 0xc0])), b.length - 2, b.length - 9];
    for (const cut of cuts)
      expect(splitAnyhow([a, b.subarray(0, cut), c])).toEqual([a, b.subarray(0, cut), c]);
  });

  it("loses no later image to a damaged scan whose bytes look like a segment", () => {
    const damaged = Buffer.concat([
      b.subarray(0, -2),
      Buffer.from([0xff, 0x5a, 0xff, 0xff, 0xff, 0xc1, 9, 0xff, 0xd9]),
    ]);
    expect(splitAnyhow([damaged, c])).toEqual([damaged, c]);
  });

  it("goes on after a segment whose length is impossible", () => {
    const damaged = jpeg(Buffer.from([0xff, 0xe0, 0, 1]), scan(4));
    expect(splitAnyhow([damaged, c])).toEqual([damaged, c]);
  });

  it("reads past an image that is too large without keeping it", () => {
    const large = jpeg(segment(0xe3, Buffer.alloc(5000)), scan(1));
    expect(splitAnyhow([a, large, b], 1000)).toEqual([a, `too large: ${large.length}`, b]);
    expect(splitAnyhow([a], a.length)).toEqual([a]);
    expect(splitAnyhow([a], a.length - 1)).toEqual([`too large: ${a.length}`]);
  });

  it.each([["little"], ["big"]])(
    "leaves out pictures that the index of a multi-picture file lists, %s-endian",
    (endian) => {
      const make = (offsets: readonly number[]) =>
        jpeg(multiPictureIndex(offsets, endian === "little"), segment(0xe1, a), scan(1));
      const { length } = make([0, 0]);
      const page = make([length - INDEX_AT, length + b.length + 4 - INDEX_AT]);
      const gap = Buffer.alloc(4);
      // The index counts from its own start, wherever in the stream that is.
      expect(splitAnyhow([c, page, b, gap, b, c])).toEqual([
        c,
        page,
        `further: ${b.length}`,
        `further: ${b.length}`,
        c,
      ]);
    },
  );

  it("believes an index only where a picture really starts", () => {
    const page = jpeg(multiPictureIndex([100_000, 7]), scan(1));
    expect(splitAnyhow([page, b, c])).toEqual([page, b, c]);
  });

  it("ignores an index that is damaged", () => {
    const whole = multiPictureIndex([500]);
    for (let length = 4; length < whole.length; length++) {
      const page = jpeg(segment(0xe2, whole.subarray(4, length)), scan(1));
      expect(split(Buffer.concat([page, b]), () => 1000)).toEqual([page, b]);
    }
  });

  it("takes any bytes", () => {
    const random = seededRandom(11);
    const codes = [0xff, 0xff, 0xd8, 0xd9, 0xda, 0xe2, 0x00, 0xd0, 0x02, 0x4d];
    for (let round = 0; round < 200; round++) {
      const noise = Buffer.from(
        Array.from({ length: 300 }, () => codes[Math.floor(random() * codes.length)] ?? 0),
      );
      const kept = split(noise, () => 1 + Math.floor(random() * 40)).filter(
        (found) => typeof found !== "string",
      );
      expect(kept).toEqual(split(noise, () => 300).filter((found) => typeof found !== "string"));
      for (const image of kept) expect(noise.includes(image as Buffer)).toBe(true);
    }
  });
});
