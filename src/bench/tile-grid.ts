import { type PageSize, TILE_PHASE } from "../engine/tile-size.js";

/** The tiles that a page is computed in. */
export interface TileGrid {
  readonly tiles: number;
  /** Size of the network's input for each of them, in pixels, overlap included. */
  readonly input: PageSize;
}

/**
 * The division that addon/tiling.cc makes, to time the network on inputs of the very size that a page in tiles has.
 *
 * @param tile longest side of a tile in input pixels that the engine says it used
 */
export function tileGrid(
  page: PageSize,
  tile: number,
  { overlap, alignment }: { readonly overlap: number; readonly alignment: number },
): TileGrid {
  const isWhole = tile >= Math.max(page.width, page.height);
  const phase = isWhole ? alignment : leastCommonMultiple(TILE_PHASE, alignment);
  const stepOf = (length: number): number => {
    const longest = Math.max(phase, Math.floor(tile / phase) * phase);
    const count = length <= tile ? 1 : Math.ceil(length / longest);
    return Math.ceil(Math.ceil(length / count) / phase) * phase;
  };
  const [width, height] = [stepOf(page.width), stepOf(page.height)];
  return {
    tiles: Math.ceil(page.width / width) * Math.ceil(page.height / height),
    input: { width: width + 2 * overlap, height: height + 2 * overlap },
  };
}

function leastCommonMultiple(a: number, b: number): number {
  let multiple = a;
  while (multiple % b !== 0) multiple += a;
  return multiple;
}
