import { NCNN_RELEASE } from "./release.mjs";

/**
 * Layers that super-resolution graphs of the supported families use, with the ones ncnn itself creates while loading
 * (Cast, Packing, Quantize, ...) and Gemm, which the x86 convolution links to. Every other layer is left out: the build
 * takes about 6 instead of 11 minutes on two cores and the library is half as large.
 */
const LAYERS = new Set(
  `Gemm Input Split Convolution ConvolutionDepthWise Deconvolution DeconvolutionDepthWise PReLU ReLU Clip Sigmoid Swish
   HardSwish HardSigmoid Mish GELU ELU TanH BinaryOp UnaryOp InnerProduct Crop Pooling PixelShuffle Scale Eltwise Interp
   MemoryData Concat Padding Cast Packing Quantize Dequantize Requantize Flatten Reshape Permute Reduction Slice BatchNorm
   Noop Dropout`
    .trim()
    .split(/\s+/),
);

/** CPU variants that only few processors have and that none of the kept layers gains from. */
const UNUSED_CPU_VARIANTS = [
  "NCNN_BF16",
  "NCNN_FMA4",
  "NCNN_XOP",
  "NCNN_AVX512BF16",
  "NCNN_AVX512FP16",
  "NCNN_AVXNECONVERT",
  "NCNN_AVXVNNIINT16",
];

const BASE_OPTIONS = {
  CMAKE_BUILD_TYPE: "Release",
  CMAKE_POSITION_INDEPENDENT_CODE: "ON",
  CMAKE_INSTALL_LIBDIR: "lib",
  NCNN_VERSION: NCNN_RELEASE.cmakeVersion,
  NCNN_VULKAN: "ON",
  // The Vulkan loader is opened at run time, so neither an SDK nor a loader is needed to build or to start.
  NCNN_SIMPLEVK: "ON",
  NCNN_SYSTEM_GLSLANG: "OFF",
  NCNN_RUNTIME_CPU: "ON",
  NCNN_BUILD_TOOLS: "OFF",
  NCNN_BUILD_EXAMPLES: "OFF",
  NCNN_BUILD_BENCHMARK: "OFF",
  NCNN_BUILD_TESTS: "OFF",
  NCNN_PYTHON: "OFF",
  // The addon derives from ncnn classes and throws across its own frames, so both must stay on.
  NCNN_DISABLE_RTTI: "OFF",
  NCNN_DISABLE_EXCEPTION: "OFF",
};

/**
 * CMake definitions for the sdist's layer list.
 *
 * @param {string} layerCMakeLists text of ncnn's src/CMakeLists.txt, which names every layer as `ncnn_add_layer(Name)`
 * @returns {string[]} `-DNAME=VALUE` arguments, in a stable order
 * @throws {Error} when a layer that the project needs is not in the list
 */
export function cmakeDefinitions(layerCMakeLists) {
  const known = [...layerCMakeLists.matchAll(/^\s*ncnn_add_layer\((\w+)/gm)].map(([, layer = ""]) => layer);
  const missing = [...LAYERS].filter((layer) => !known.includes(layer));
  if (missing.length > 0) {
    throw new Error(
      `expected ncnn's sources to have the layers ${missing.join(", ")}, found ${known.length} others`,
    );
  }
  const off = known.filter((layer) => !LAYERS.has(layer)).map((layer) => `WITH_LAYER_${layer.toLowerCase()}`);
  const definitions = Object.entries(BASE_OPTIONS).map(([name, value]) => `-D${name}=${value}`);
  return [...definitions, ...[...UNUSED_CPU_VARIANTS, ...off.sort()].map((name) => `-D${name}=OFF`)];
}

/** Everything of this file that changes the built library; part of the cache key. */
export const OPTIONS_FINGERPRINT = JSON.stringify([BASE_OPTIONS, UNUSED_CPU_VARIANTS, [...LAYERS].sort()]);
