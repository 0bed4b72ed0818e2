import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { PACKAGE_ROOT } from "../../package-root.js";

/** Folder of the images that cases name. */
export const IMAGE_FOLDER = join(PACKAGE_ROOT, "protocol", "conformance", "images");

const hexadecimal = z
  .string()
  .regex(/^\s*(?:[0-9a-fA-F]{2}\s*)*$/, { error: "expected pairs of hexadecimal digits" });
const count = z.int().min(0).max(0x8000_0000);

const part = z.union([
  hexadecimal,
  z.strictObject({ hex: hexadecimal, times: count }),
  z.strictObject({ text: z.string() }),
  z.strictObject({
    image: z.string().regex(/^[\w.-]+$/, { error: "expected the name of a file in images/" }),
    /** Takes only so many bytes from the front. */
    first: count.optional(),
    /** Adds zero bytes up to this size. */
    pad_to: count.optional(),
  }),
]);

/** Bytes as hexadecimal text, or as a list of such texts, repetitions, texts and images. */
export const byteParts = z.union([hexadecimal, z.array(part)]);

/** @throws {z.ZodError} when `value` is no description of bytes */
export function readByteParts(value: unknown): Buffer {
  const parts = byteParts.parse(value);
  return typeof parts === "string" ? fromHex(parts) : Buffer.concat(parts.map(readPart));
}

function readPart(value: z.infer<typeof part>): Buffer {
  if (typeof value === "string") return fromHex(value);
  if ("hex" in value) {
    const pattern = fromHex(value.hex);
    return Buffer.alloc(pattern.length * value.times, pattern);
  }
  if ("text" in value) return Buffer.from(value.text, "utf8");
  const image = readFileSync(join(IMAGE_FOLDER, value.image));
  const taken = image.subarray(0, value.first ?? image.length);
  if (value.pad_to === undefined || value.pad_to <= taken.length) return taken;
  return Buffer.concat([taken, Buffer.alloc(value.pad_to - taken.length)]);
}

function fromHex(text: string): Buffer {
  return Buffer.from(text.replaceAll(/\s/g, ""), "hex");
}
