import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";

/** A line longer than this is given out in parts: who writes without line feeds must not fill the memory. */
const MOST_CHARACTERS = 65_536;

/** Calls `onLine` with every line of a stream of UTF-8, and with what follows the last line feed. */
export function readLines(stream: Readable, onLine: (line: string) => void): void {
  const decoder = new StringDecoder("utf8");
  let unfinished = "";
  const take = (text: string) => {
    const lines = `${unfinished}${text}`.split(/\r?\n/);
    unfinished = lines.pop() ?? "";
    for (const line of lines) onLine(line);
    if (unfinished.length < MOST_CHARACTERS) return;
    onLine(unfinished);
    unfinished = "";
  };
  stream.on("data", (chunk: Buffer) => take(decoder.write(chunk)));
  stream.on("end", () => {
    take(decoder.end());
    if (unfinished !== "") onLine(unfinished);
  });
  // What was read is all there is to know.
  stream.on("error", () => undefined);
}
