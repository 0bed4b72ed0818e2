/** Smallest tile side that can be asked for, in input pixels; the same as kSmallestTile of addon/tiling.h. */
export const SMALLEST_TILE = 32;

/** Longest side of an image, in input pixels: a tile this large is the whole image. */
const WHOLE_IMAGE = 1 << 16;

/**
 * Tile side on the CPU in units of the overlap: larger tiles leave the caches, smaller ones compute more of their overlap
 * twice. Measured for a small and a large network, see docs/performance.md.
 */
const CPU_TILE_PER_OVERLAP = 14;
const CPU_TILE_RANGE = [96, 384] as const;

/** Share of the memory budget that the network's tensors may take; the rest is for weights, staging and other programs. */
const BUDGET_SHARE = 0.6;

/**
 * Bytes of tensors per input pixel: two fp32 blobs of 64 channels and the transformed copies of a Winograd convolution.
 * An estimate on the high side; where it is too low, the engine halves the tile when memory runs out.
 */
const TENSOR_BYTES_PER_PIXEL = 2048;

export interface TileNeeds {
  /** MiB that the device may still give, 0 for the CPU. */
  readonly memoryBudgetMb: number;
  /** Images worked on at once, which share the budget. */
  readonly lanes: number;
  /** Input pixels around a tile that its output depends on. */
  readonly overlap: number;
}

/** @returns longest side of a tile in input pixels */
export function automaticTile({ memoryBudgetMb, lanes, overlap }: TileNeeds): number {
  if (memoryBudgetMb === 0) {
    const [least, most] = CPU_TILE_RANGE;
    return Math.min(most, Math.max(least, overlap * CPU_TILE_PER_OVERLAP));
  }
  const pixels = (memoryBudgetMb * 2 ** 20 * BUDGET_SHARE) / lanes / TENSOR_BYTES_PER_PIXEL;
  return Math.min(WHOLE_IMAGE, Math.max(SMALLEST_TILE, Math.floor(Math.sqrt(pixels))));
}
