const LARGEST = 127;

/**
 * ncnn's integer Winograd F(4x4, 3x3) computes 576 times each sum in 32 bits that wrap: a sum beyond this would come out
 * as noise. Inputs are at most 127, so the weights' magnitudes may sum up to a 127th of it.
 */
const LARGEST_WEIGHT_SUM = Math.floor((2 ** 31 - 1) / 576 / LARGEST);

export interface Int8Weights {
  /** Two's complement, in the order of the floats. */
  readonly data: Int8Array;
  /** One for each output channel: a weight times this is its integer. */
  readonly scales: Float32Array;
}

/**
 * Turns weights into integers, each output channel with a scale of its own.
 *
 * @param weights output channel by output channel, all of the same number
 */
export function quantizeWeights(weights: Float32Array, outputs: number): Int8Weights {
  const each = weights.length / outputs;
  const data = new Int8Array(weights.length);
  const scales = new Float32Array(outputs);
  for (let output = 0; output < outputs; output++) {
    const channel = weights.subarray(output * each, (output + 1) * each);
    const scale = scaleOf(channel);
    scales[output] = scale;
    for (const [at, weight] of channel.entries()) data[output * each + at] = toInt8(weight * scale);
  }
  return { data, scales };
}

function scaleOf(channel: Float32Array): number {
  let [largest, sum] = [0, 0];
  for (const weight of channel) {
    largest = Math.max(largest, Math.abs(weight));
    sum += Math.abs(weight);
  }
  // A channel without weights gives its bias, whatever the scale.
  if (largest === 0) return 1;
  // Rounding adds half a level to each weight at most.
  const roomForRounding = Math.max(LARGEST_WEIGHT_SUM - channel.length / 2, 1);
  return Math.fround(Math.min(LARGEST / largest, roomForRounding / sum));
}

/** Rounds half away from zero, as ncnn does. */
export function toInt8(value: number): number {
  const rounded = Math.sign(value) * Math.floor(Math.abs(value) + 0.5);
  return Math.max(-LARGEST, Math.min(LARGEST, rounded));
}
