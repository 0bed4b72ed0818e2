/** Smallest tile side that can be asked for, in input pixels; the same as kSmallestTile of addon/tiling.h. */
export const SMALLEST_TILE = 32;

/** Longer than any image's side, in input pixels: a tile this large is the whole image. */
export const WHOLE_IMAGE = 1 << 16;

/**
 * Tile side on the CPU in units of the overlap: larger tiles leave the caches, smaller ones compute more of their overlap
 * twice. Measured for a small and a large network, see docs/performance.md.
 */
const CPU_TILE_PER_OVERLAP = 14;
const CPU_TILE_RANGE = [96, 384] as const;

/** The addon's own convolutions keep in the caches what they use again, so larger tiles are only less overlap. */
const LARGEST_DIRECT_TILE = 600;
/** What the tensors of one such tile may take: about what a Winograd convolution's take in the largest of its tiles. */
const MOST_DIRECT_TILE_MB = 256;

/** Share of the free memory of the machine that one image may take on the CPU; the rest is for codecs and other programs. */
const CPU_MEMORY_SHARE = 0.25;

/**
 * Share of a GPU's free memory that is planned with: its allocators take memory in blocks and lose some between them.
 * Where it is still too much, the engine halves the tile when memory runs out.
 */
const GPU_MEMORY_SHARE = 0.8;

/** ncnn's shaders index a tensor's bytes with 32 bits. */
const MOST_TENSOR_BYTES = 2 ** 32 - 1;

/** Tiles start at multiples of this and of the model's alignment; the same as kWinogradPhase of addon/tiling.cc. */
export const TILE_PHASE = 12;

const MIB = 2 ** 20;
const FP32_BYTES = 4;
const FP16_BYTES = 2;

/** Width and height in input pixels. */
export interface PageSize {
  readonly width: number;
  readonly height: number;
}

/** What a network's memory depends on, see NetworkDescription. */
export interface NetworkFootprint {
  /** Input pixels around a tile that its output depends on. */
  readonly overlap: number;
  /** Input pixels. */
  readonly alignment: number;
  /** Tensor elements alive at once per input pixel, at most. */
  readonly tensorFloatsPerPixel: number;
  /** What Winograd's convolutions take beside that. */
  readonly winogradFloatsPerPixel: number;
  /** Elements per input pixel of the largest single tensor, without and with Winograd's. */
  readonly largestBlobFloatsPerPixel: number;
  readonly largestWinogradFloatsPerPixel: number;
}

/** How tensors are kept. */
export interface TensorStorage {
  readonly fp16Storage: boolean;
  readonly winograd: boolean;
}

/** What NativeUpscaler.memory() says, as far as it matters here. */
export interface MemoryInUse {
  readonly budgetMb: number;
  /** Of the budget, by this engine and whatever else counts against it; 0 = unknown. */
  readonly usedMb: number;
  /** Of that, by this engine's tensors. */
  readonly heldMb: number;
}

export interface GpuMemory {
  /** Read after the model was loaded. */
  readonly now: MemoryInUse;
  /** As in NativeLoadOptions, 0 = no cap. */
  readonly maxMemoryMb: number;
  /** MiB that the loaded weights take on the device, in all their forms. */
  readonly weightsMb: number;
  /** Images worked on at once, which share the memory. */
  readonly lanes: number;
}

/**
 * The whole page where its tensors fit into the memory that other programs leave, otherwise the largest tile that does.
 *
 * @returns longest side of a tile in input pixels
 */
export function gpuTile(
  page: PageSize,
  network: NetworkFootprint,
  storage: TensorStorage,
  memory: GpuMemory,
): number {
  const bytes = (freeGpuMb(memory) * MIB * GPU_MEMORY_SHARE) / memory.lanes;
  const { tensors, winograd } = bytesPerPixel(network, storage);
  const indexed = MOST_TENSOR_BYTES / largestTensorBytes(network, storage);
  return largestTile(page, network, Math.min(bytes / (tensors + winograd), indexed));
}

export interface CpuWork {
  /** MiB of memory that the machine can still give. */
  readonly freeMb: number;
  readonly winograd: boolean;
  readonly directConvolution: boolean;
  /** Tiles computed side by side. */
  readonly lanes: number;
}

/**
 * As large as the caches like it; with the addon's own convolutions, so that all lanes together are done first. A network with
 * global pools is different: each of them is a further pass over all tiles, so the whole page is better as long as it
 * takes no more than a quarter of the free memory.
 *
 * @returns longest side of a tile in input pixels
 */
export function cpuTile(
  page: PageSize,
  network: NetworkFootprint & { readonly globalPools: readonly unknown[] },
  { freeMb, winograd, directConvolution, lanes }: CpuWork,
): number {
  const [least, most] = CPU_TILE_RANGE;
  const tile = Math.min(most, Math.max(least, network.overlap * CPU_TILE_PER_OVERLAP));
  // The addon's own convolutions take less, but some may be left to ncnn's.
  const bytes = bytesPerPixel(network, { fp16Storage: false, winograd });
  const mostPixels = (freeMb * MIB * CPU_MEMORY_SHARE) / (bytes.tensors + bytes.winograd);
  if (network.globalPools.length > 0) return fits(page, network, mostPixels) ? WHOLE_IMAGE : tile;
  if (!directConvolution) return tile;
  const mostTogether = (MOST_DIRECT_TILE_MB * MIB) / bytes.tensors;
  return soonestTile(page, network, Math.min(mostPixels / lanes, mostTogether), lanes);
}

/**
 * @param mostPixels of a tile, its overlap included
 * @returns the tile side with which the busiest lane computes the fewest pixels
 */
function soonestTile(page: PageSize, network: NetworkFootprint, mostPixels: number, lanes: number): number {
  const phase = phaseOf(network);
  let soonest = { side: CPU_TILE_RANGE[0] as number, pixels: Number.POSITIVE_INFINITY };
  for (let side = CPU_TILE_RANGE[0]; side <= LARGEST_DIRECT_TILE; side += TILE_PHASE) {
    const [across, down] = [alongside(page.width, side, phase), alongside(page.height, side, phase)];
    const tile = (across.length + 2 * network.overlap) * (down.length + 2 * network.overlap);
    const pixels = Math.ceil((across.count * down.count) / lanes) * tile;
    if (tile <= mostPixels && pixels < soonest.pixels) soonest = { side, pixels };
  }
  return soonest.side;
}

/** As stepOf of addon/tiling.cc divides a side of the page. */
function alongside(
  length: number,
  side: number,
  phase: number,
): { readonly count: number; readonly length: number } {
  if (length <= side) return { count: 1, length: roundUp(length, phase) };
  const most = Math.max(phase, Math.floor(side / phase) * phase);
  const step = roundUp(Math.ceil(length / Math.ceil(length / most)), phase);
  return { count: Math.ceil(length / step), length: step };
}

/** What is left of the device's budget and of the cap; where nobody tells what else is in use, that is nothing. */
function freeGpuMb({ now, maxMemoryMb, weightsMb }: GpuMemory): number {
  const usedBeside = Math.max(0, now.usedMb - now.heldMb - weightsMb);
  const cap = maxMemoryMb === 0 ? Number.POSITIVE_INFINITY : maxMemoryMb;
  return Math.max(0, Math.min(now.budgetMb - usedBeside, cap) - weightsMb);
}

/** Bytes per input pixel. */
function bytesPerPixel(
  { tensorFloatsPerPixel, winogradFloatsPerPixel }: NetworkFootprint,
  { fp16Storage, winograd }: TensorStorage,
): { readonly tensors: number; readonly winograd: number } {
  const each = fp16Storage ? FP16_BYTES : FP32_BYTES;
  return { tensors: tensorFloatsPerPixel * each, winograd: winograd ? winogradFloatsPerPixel * each : 0 };
}

/** Bytes per input pixel of the largest single tensor. */
function largestTensorBytes(
  { largestBlobFloatsPerPixel: blob, largestWinogradFloatsPerPixel: transformed }: NetworkFootprint,
  { fp16Storage, winograd }: TensorStorage,
): number {
  return Math.max(blob, winograd ? transformed : 0) * (fp16Storage ? FP16_BYTES : FP32_BYTES);
}

function roundUp(length: number, phase: number): number {
  return Math.ceil(length / phase) * phase;
}

function phaseOf({ alignment }: NetworkFootprint): number {
  let phase = TILE_PHASE;
  while (phase % alignment !== 0) phase += TILE_PHASE;
  return phase;
}

/** Pixels on one side that are computed for a part of this length, its overlap included. */
function computedLength(length: number, network: NetworkFootprint): number {
  const phase = phaseOf(network);
  return roundUp(length, phase) + 2 * network.overlap;
}

function fits({ width, height }: PageSize, network: NetworkFootprint, mostPixels: number): boolean {
  return computedLength(width, network) * computedLength(height, network) <= mostPixels;
}

/** A tile is as wide and as high as it may be but not beyond the page: on a long strip it is narrow and long. */
function largestTile(page: PageSize, network: NetworkFootprint, mostPixels: number): number {
  if (fits(page, network, mostPixels)) return WHOLE_IMAGE;
  const shortest = Math.min(page.width, page.height);
  const acrossShortest = mostPixels / computedLength(shortest, network) - 2 * network.overlap;
  const square = Math.min(shortest, Math.sqrt(mostPixels) - 2 * network.overlap);
  const side = acrossShortest >= shortest ? acrossShortest : square;
  const phase = phaseOf(network);
  return Math.max(SMALLEST_TILE, Math.floor(side / phase) * phase);
}
