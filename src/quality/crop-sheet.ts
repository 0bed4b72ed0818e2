import type { OverlayOptions } from "sharp";
import type { PixelBuffer } from "../stages/page.js";
import { sharp } from "../stages/sharp.js";
import { busiestRegion } from "./busiest-region.js";
import type { EvaluatedImage } from "./evaluate.js";
import { cropPixels, type Region, readOriginal, spreadEvenly } from "./originals.js";
import { SCORED_BORDER } from "./score.js";

/** Side of what is shown of an image, in its pixels, and how often each of those is repeated. */
const SHOWN = 112;
const ENLARGED = 2;
const CELL = SHOWN * ENLARGED;
const GAP = 4;
const LABEL = 20;
/** Columns have the folder of a model above its name. */
const TITLE = 2 * LABEL;
const MOST_LETTERS = 34;
const MOST_IMAGES = 6;
const PAPER = { r: 255, g: 255, b: 255 };

interface SheetRow {
  readonly image: EvaluatedImage;
  readonly region: Region;
  readonly cells: Map<string, PixelBuffer>;
}

/**
 * A picture of the same crops of several images beside each other, a column for the original and one for each
 * contender: the busiest square of up to six images, spread evenly over their names.
 */
export class CropSheet {
  readonly #rows: readonly SheetRow[];

  private constructor(rows: readonly SheetRow[]) {
    this.#rows = rows;
  }

  /**
   * @param crop as the images were read for the scores
   */
  static async open(images: readonly EvaluatedImage[], crop: number): Promise<CropSheet> {
    const rows: SheetRow[] = [];
    for (const image of spreadEvenly(images, MOST_IMAGES)) {
      const { pixels } = await readOriginal(image.path, crop);
      // Wider than what is cut off at the right and the bottom to make a multiple of any scale.
      const region = busiestRegion(pixels, SHOWN, SCORED_BORDER);
      rows.push({ image, region, cells: new Map([["original", cropPixels(pixels, region)]]) });
    }
    return new CropSheet(rows);
  }

  /** Keeps what is shown of a result; of images that are not shown it keeps nothing. */
  add(column: string, image: EvaluatedImage, result: PixelBuffer): void {
    const row = this.#rows.find((candidate) => candidate.image === image);
    row?.cells.set(column, cropPixels(result, row.region));
  }

  /** @returns interleaved RGB pixels, with labels where the machine has a font */
  async draw(): Promise<{ readonly data: Buffer; readonly width: number; readonly height: number }> {
    const columns = [...new Set(this.#rows.flatMap(({ cells }) => [...cells.keys()]))];
    const width = columns.length * (CELL + GAP) + GAP;
    const height = TITLE + this.#rows.length * (CELL + LABEL + GAP);
    const overlays = await Promise.all(
      this.#rows.flatMap(({ cells }, row) =>
        [...cells].map(([column, cell]) => placeCell(cell, columns.indexOf(column), row)),
      ),
    );
    const labels = { input: this.#labels(columns, width, height), left: 0, top: 0 };
    const { data } = await sharp({ create: { width, height, channels: 3, background: PAPER } })
      .composite([...overlays, labels])
      .removeAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true });
    return { data, width, height };
  }

  #labels(columns: readonly string[], width: number, height: number): Buffer {
    const text = (x: number, y: number, words: string) =>
      `<text x="${x}" y="${y}" font-family="sans-serif" font-size="12">${escapeXml(words)}</text>`;
    const titles = columns.flatMap((column, at) => {
      const lines = column
        .split("/")
        .map((line) => line.slice(0, MOST_LETTERS))
        .reverse();
      return lines.map((line, above) => text(GAP + at * (CELL + GAP), TITLE - 6 - above * LABEL, line));
    });
    const names = this.#rows.map(({ image, region }, at) => {
      const place = `${image.name}, ${region.width} x ${region.height} at ${region.left}, ${region.top}`;
      return text(GAP, TITLE + at * (CELL + LABEL + GAP) + CELL + LABEL - 5, place);
    });
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${[...titles, ...names].join("")}</svg>`;
    return Buffer.from(svg);
  }
}

/** Repeats each pixel, so that the viewer's own smoothing changes nothing. */
async function placeCell(
  { data, width, height, channels }: PixelBuffer,
  column: number,
  row: number,
): Promise<OverlayOptions> {
  const input = await sharp(data, { raw: { width, height, channels } })
    .resize(width * ENLARGED, height * ENLARGED, { kernel: "nearest" })
    .png()
    .toBuffer();
  return { input, left: GAP + column * (CELL + GAP), top: TITLE + row * (CELL + LABEL + GAP) };
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
