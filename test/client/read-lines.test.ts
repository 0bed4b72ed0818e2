import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { readLines } from "../../src/client/read-lines.js";

async function linesOf(chunks: readonly (string | Uint8Array)[]): Promise<string[]> {
  const stream = new PassThrough();
  const lines: string[] = [];
  readLines(stream, (line) => lines.push(line));
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  await new Promise((resolve) => stream.once("end", resolve));
  return lines;
}

describe("readLines", () => {
  it("gives whole lines however they are cut, and what follows the last line feed", async () => {
    expect(await linesOf(["one\ntw", "o\r\n", "\nthree"])).toEqual(["one", "two", "", "three"]);
  });

  it("gives no line for an end right after a line feed", async () => {
    expect(await linesOf(["one\n"])).toEqual(["one"]);
  });

  it("does not break a character that is cut in two", async () => {
    const bytes = Buffer.from("größer\n");
    expect(await linesOf([bytes.subarray(0, 3), bytes.subarray(3)])).toEqual(["größer"]);
  });

  it("does not keep a line that never ends", async () => {
    const lines = await linesOf(["x".repeat(100_000), "x".repeat(100_000)]);
    expect(lines.map(({ length }) => length)).toEqual([100_000, 100_000]);
  });
});
