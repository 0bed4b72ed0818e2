import { UpscalerError } from "../errors.js";
import type { Log } from "../log.js";
import { JpegSplitter } from "./jpeg-splitter.js";

/** One image of the input, or why there is none in its place. */
export type InputImage =
  | { readonly data: Uint8Array; readonly failure: null }
  | { readonly data: null; readonly failure: UpscalerError };

const JPEG_START = Buffer.from([0xff, 0xd8, 0xff]);

/** @returns the input's first bytes, at least `least` unless it has fewer, and then the rest */
async function* withWholeStart(input: AsyncIterable<Uint8Array>, least: number): AsyncGenerator<Uint8Array> {
  let start: Uint8Array = new Uint8Array(0);
  let isStarted = false;
  for await (const chunk of input) {
    if (isStarted) {
      yield chunk;
      continue;
    }
    start = start.length === 0 ? chunk : Buffer.concat([start, chunk]);
    isStarted = start.length >= least;
    if (isStarted) yield start;
  }
  if (!isStarted) yield start;
}

function tooLarge(maxBytes: number, received: string): InputImage {
  const message = `expected an image of at most ${maxBytes} bytes, received ${received}`;
  return { data: null, failure: new UpscalerError("image_too_large", message) };
}

async function readWhole(chunks: AsyncIterable<Uint8Array>, maxBytes: number): Promise<InputImage> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > maxBytes) return tooLarge(maxBytes, "more");
    pieces.push(chunk);
  }
  return { data: Buffer.concat(pieces), failure: null };
}

async function* split(
  chunks: AsyncIterable<Uint8Array>,
  maxBytes: number,
  log: Log,
): AsyncGenerator<InputImage> {
  const found: InputImage[] = [];
  const splitter = new JpegSplitter(
    {
      onImage: (data) => void found.push({ data, failure: null }),
      onTooLarge: (bytes) => void found.push(tooLarge(maxBytes, `one of ${bytes}`)),
      onFurtherPicture: (bytes) => log.info("left out a further picture of a multi-picture file", { bytes }),
      onJunk: (bytes) => log.info("left out bytes between two images", { bytes }),
    },
    maxBytes,
  );
  for await (const chunk of chunks) {
    splitter.push(chunk);
    yield* found.splice(0);
  }
  splitter.end();
  yield* found;
}

/**
 * Reads one image of any format, or any number of JPEG files one after another. Reads on only when the next image is
 * asked for.
 *
 * @param maxBytes longest image
 */
export async function* readImages(
  input: AsyncIterable<Uint8Array>,
  maxBytes: number,
  log: Log,
): AsyncGenerator<InputImage> {
  const chunks = withWholeStart(input, JPEG_START.length);
  const first = await chunks.next();
  const start = first.value ?? new Uint8Array(0);
  const all = (async function* () {
    yield start;
    yield* chunks;
  })();
  const isJpeg = JPEG_START.equals(start.subarray(0, JPEG_START.length));
  if (isJpeg) yield* split(all, maxBytes, log);
  else yield await readWhole(all, maxBytes);
}
