/** Formats that pages are read from. */
export const INPUT_FORMATS = ["jpeg", "png", "webp", "gif", "avif", "tiff"] as const;
export type InputFormat = (typeof INPUT_FORMATS)[number];

/** Enough for every signature below, with the list of brands that an ISO media file starts with. */
const LOOKED_AT = 64;

const ASCII = new TextDecoder("latin1");

/** Signatures at the start of the data; "?" stands for any byte. */
const SIGNATURES: readonly (readonly [InputFormat, string])[] = [
  ["jpeg", "\xff\xd8\xff"],
  ["png", "\x89PNG\r\n\x1a\n"],
  ["webp", "RIFF????WEBP"],
  ["gif", "GIF87a"],
  ["gif", "GIF89a"],
  ["tiff", "II*\x00"],
  ["tiff", "MM\x00*"],
  ["tiff", "II+\x00"],
  ["tiff", "MM\x00+"],
];

/** What people send by mistake, so that the refusal can say what it was. */
const REFUSED: readonly (readonly [string, string])[] = [
  ["a PDF document", "%PDF"],
  ["a gzip archive", "\x1f\x8b"],
  ["a ZIP archive (a CBZ perhaps)", "PK\x03\x04"],
  ["a RAR archive (a CBR perhaps)", "Rar!"],
  ["a 7z archive", "7z\xbc\xaf"],
  ["a BMP image", "BM"],
  ["a JPEG XL image", "\xff\x0a"],
  ["a JPEG XL image", "\x00\x00\x00\x0cJXL "],
  ["a JPEG 2000 image", "\x00\x00\x00\x0cjP"],
  ["a HEIC image", "????ftyphei"],
  ["a HEIC image", "????ftypmif1"],
  ["a Photoshop document", "8BPS"],
];

/**
 * Recognises a format by its first bytes, never by a name: the decoders are only shown what they are meant for.
 *
 * @returns null for everything that pages are not read from
 */
export function sniffFormat(data: Uint8Array): InputFormat | null {
  const head = headOf(data);
  const found = SIGNATURES.find(([, signature]) => startsWith(head, signature));
  if (found !== undefined) return found[0];
  return isAvif(data, head) ? "avif" : null;
}

/** @returns a guess at what data without a readable format is, for an error message */
export function describeUnknown(data: Uint8Array): string {
  const head = headOf(data);
  const found = REFUSED.find(([, signature]) => startsWith(head, signature));
  if (found !== undefined) return found[0];
  const text = head.replace(/^(?:\xef\xbb\xbf)?\s+|^\xef\xbb\xbf/, "");
  if (/^<(?:\?xml|!DOCTYPE|!--|svg|html)/i.test(text)) return "markup (SVG, XML or HTML)";
  const isText = head.length > 0 && /^[\t\n\r\x20-\x7e]*$/.test(head);
  const hex = [...data.subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
  return isText ? "text" : `data starting with ${hex}`;
}

function headOf(data: Uint8Array): string {
  return ASCII.decode(data.subarray(0, LOOKED_AT));
}

function startsWith(head: string, signature: string): boolean {
  return (
    head.length >= signature.length &&
    [...signature].every((character, index) => character === "?" || character === head[index])
  );
}

/** An ISO media file (ISO 14496-12) whose brands name AVIF: the major one, or a compatible one of a generic image. */
function isAvif(data: Uint8Array, head: string): boolean {
  if (!startsWith(head, "????ftyp")) return false;
  const boxLength = new DataView(data.buffer, data.byteOffset, data.byteLength).getUint32(0);
  const brands: readonly string[] = head.slice(8, Math.min(boxLength, LOOKED_AT)).match(/.{4}/gs) ?? [];
  return brands.includes("avif") || brands.includes("avis");
}
