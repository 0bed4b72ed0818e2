import type { NativeDevice } from "./native.js";

/** How a network's numbers are stored and summed: the speed settings that change its result a little. */
export interface Arithmetic {
  /** Tensors and weights as fp16, which halves memory traffic; sums stay fp32. */
  readonly fp16Storage: boolean;
  /** Sums as fp16 too; needs fp16 storage. */
  readonly fp16Arithmetic: boolean;
  /** Faster 3x3 convolutions, which round a little differently from tile to tile. */
  readonly winograd: boolean;
  /**
   * Convolutions on the CPU as the addon's own kernels compute them: directly, which rounds the same in every tile, 3x3 ones
   * with `winograd` by that; those that they do not take are ncnn's.
   */
  readonly directConvolution: boolean;
  /** Convolutions on the GPU's matrix units; they multiply fp16 only, so this needs fp16 storage. */
  readonly cooperativeMatrix: boolean;
  /**
   * 3x3 convolutions as one shader of the addon's own, which reads every pixel once for all nine taps: on matrix units,
   * or, for tests on devices without them, in the same steps with ordinary arithmetic. Needs fp16 storage.
   */
  readonly fusedConvolution: "off" | "cooperative" | "plain";
}

/** What the user asked for. */
export interface ArithmeticRequest {
  readonly precision: "auto" | "fp32" | "fp16";
  /** false: turned off; true: left to the program. */
  readonly winograd: boolean;
}

/** What the choice depends on of a device. */
export interface ArithmeticAbilities {
  readonly type: NativeDevice["type"] | "cpu";
  readonly fp16Storage: boolean;
  readonly fp16Arithmetic: boolean;
  readonly cooperativeMatrix: boolean;
  /** Has what fused convolutions on matrix units need. */
  readonly fusedConvolution: boolean;
  /** A CPU with the vectors that the addon's own convolutions need. */
  readonly directConvolution: boolean;
}

const FP32 = { fp16Storage: false, fp16Arithmetic: false } as const;
const FP16_STORAGE = { fp16Storage: true, fp16Arithmetic: false } as const;
const FP16_ARITHMETIC = { fp16Storage: true, fp16Arithmetic: true } as const;

/** Sums are fp32 as without fusing; what cannot be fused is computed as well as ncnn can with matrix units. */
const FUSED: Arithmetic = {
  ...{ ...FP16_STORAGE, winograd: false, cooperativeMatrix: true },
  ...{ directConvolution: false, fusedConvolution: "cooperative" },
};

/** @returns what a result is computed in unless something else was measured to be exact enough */
export function fp32Arithmetic(winograd: boolean, directConvolution = false): Arithmetic {
  return { ...FP32, winograd, directConvolution, cooperativeMatrix: false, fusedConvolution: "off" };
}

/** @returns whether convolutions run as the addon's own shader */
export function isFused({ fusedConvolution }: Arithmetic): boolean {
  return fusedConvolution !== "off";
}

/** @returns a name for tables and file names, such as `fp16-storage-winograd-coopmat` */
export function arithmeticName({
  fp16Storage,
  fp16Arithmetic,
  winograd,
  directConvolution,
  cooperativeMatrix,
  fusedConvolution,
}: Arithmetic): string {
  const precision = fp16Arithmetic ? "fp16" : fp16Storage ? "fp16-storage" : "fp32";
  const fused = { off: false, cooperative: "fused", plain: "fused-plain" } as const;
  return [
    ...[precision, winograd && "winograd", directConvolution && "direct"],
    ...[cooperativeMatrix && "coopmat", fused[fusedConvolution]],
  ]
    .filter(Boolean)
    .join("-");
}

/** @returns all combinations that a GPU may be faster with than with others, the most exact ones first */
export function allArithmetics(): readonly Arithmetic[] {
  const ofNcnn = [FP32, FP16_STORAGE, FP16_ARITHMETIC].flatMap((precision) =>
    [false, true].flatMap((winograd) =>
      [false, true].map((cooperativeMatrix) => ({
        ...{ ...precision, winograd, cooperativeMatrix },
        ...{ directConvolution: false, fusedConvolution: "off" as const },
      })),
    ),
  );
  return [...ofNcnn, FUSED].sort((a, b) => inexactness(a) - inexactness(b));
}

/** @returns all ways in which a CPU may convolve, the most exact ones first */
export function cpuArithmetics(
  device: Pick<ArithmeticAbilities, "directConvolution">,
): readonly Arithmetic[] {
  const directs = device.directConvolution ? [false, true] : [false];
  return [false, true].flatMap((winograd) => directs.map((direct) => fp32Arithmetic(winograd, direct)));
}

/** @returns a number that grows as results get less exact: precision counts most, fusing least */
export function inexactness(arithmetic: Arithmetic): number {
  const { fp16Storage, fp16Arithmetic, winograd, cooperativeMatrix } = arithmetic;
  return (
    Number(fp16Storage) * 8 +
    Number(fp16Arithmetic) * 8 +
    Number(winograd) * 4 +
    Number(cooperativeMatrix) * 2 +
    Number(isFused(arithmetic))
  );
}

/**
 * @returns what is used where nothing is measured: fp16 storage if it was asked for and can be had, else fp32. On a CPU
 *   with kernels for it the addon's own convolutions: they were faster in every network that was measured.
 */
export function cautiousArithmetic(
  { precision, winograd }: ArithmeticRequest,
  device: ArithmeticAbilities,
): Arithmetic {
  const wantsFp16 = precision === "fp16" && device.type !== "cpu" && device.fp16Storage;
  return {
    ...(wantsFp16 ? FP16_STORAGE : FP32),
    ...{ winograd, cooperativeMatrix: false, fusedConvolution: "off" },
    directConvolution: device.type === "cpu" && device.directConvolution,
  };
}

/**
 * What is open once the request is obeyed and the device's abilities are taken into account. Software devices and the
 * CPU have the cautious choice only: fp16 is emulated there, and slower.
 *
 * @returns at least one, the likely fastest first, but fused convolutions last: a driver that fails in their shader must
 * not cost the results of the others
 */
export function candidateArithmetics(
  request: ArithmeticRequest,
  device: ArithmeticAbilities,
): readonly Arithmetic[] {
  if (device.type === "cpu" || device.type === "software") return [cautiousArithmetic(request, device)];
  const { precision, winograd } = request;
  const inFp32 = combine(FP32, winograd, false);
  if (!device.fp16Storage || precision === "fp32") return inFp32;
  const inFp16 = (sums: typeof FP16_STORAGE | typeof FP16_ARITHMETIC) => [
    ...(device.cooperativeMatrix ? combine(sums, winograd, true) : []),
    ...combine(sums, winograd, false),
  ];
  return [
    ...inFp16(FP16_STORAGE),
    // Sums in fp16 are rarely exact enough (32 to 39 dB on an H100) and hardly faster there.
    ...(device.fp16Arithmetic ? inFp16(FP16_ARITHMETIC) : []),
    ...(precision === "auto" ? inFp32 : []),
    ...(device.fusedConvolution ? [FUSED] : []),
  ];
}

/** Matrix units make direct convolutions faster than Winograd's; without them it is the other way round. */
function combine(
  precision: Pick<Arithmetic, "fp16Storage" | "fp16Arithmetic">,
  mayUseWinograd: boolean,
  cooperativeMatrix: boolean,
): Arithmetic[] {
  const order = cooperativeMatrix ? [false, mayUseWinograd] : [mayUseWinograd, false];
  return [...new Set(order)].map((winograd) => ({
    ...{ ...precision, winograd, cooperativeMatrix },
    ...{ directConvolution: false, fusedConvolution: "off" },
  }));
}
