import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeNetwork } from "../../src/models/family.js";
import { ModelError } from "../../src/models/model-error.js";
import { parseParamFile } from "../../src/models/param-file.js";
import { checkWeightFile } from "../../src/models/weight-file.js";
import { PACKAGE_ROOT } from "../../src/package-root.js";
import { Random } from "../wire/random.js";
import { type Step, toParamText } from "./dependency-simulation.js";
import { paramText } from "./graphs.js";
import { mutateGraph, mutateWeights } from "./mutations.js";

/**
 * A graph is read while a worker starts; its user must not wait for one that was made to take long. Of the processor's
 * time, so that it does not count what else the machine does.
 */
const LONGEST_US = 1_000_000;

const unet: Step = {
  op: "around",
  cut: 4,
  steps: [
    { op: "conv", kernel: 2, stride: 2, dilation: 1, before: 0, after: 0 },
    { op: "conv", kernel: 3, stride: 1, dilation: 1, before: 0, after: 0 },
    { op: "conv", kernel: 3, stride: 1, dilation: 1, before: 0, after: 0 },
    { op: "deconv", kernel: 2, stride: 2, pad: 0 },
  ],
};

const SQUEEZE = paramText(
  "Input i 0 1 in 0=64 1=64 2=3",
  "MemoryData k 0 1 mean 0=1 1=1 2=3",
  "BinaryOp s 2 1 in mean a 0=1",
  "Convolution c 1 1 a b 0=16 1=3 4=1 5=1 6=432 9=2 -23310=1,1.000000e-01",
  "Split d 1 2 b p q",
  "Pooling g 1 1 q pool 0=1 4=1",
  "InnerProduct f 1 1 pool w 0=16 1=1 2=256 9=4",
  "Scale m 2 1 p w r 0=-233",
  "Split e 1 2 r u v",
  "Crop x 1 1 u y -23309=2,0,0 -23310=2,-233,-233 -23311=2,1,2",
  "Concat z 2 1 y v cat 0=0",
  "PReLU h 1 1 cat act 0=32",
  "Convolution j 1 1 act l 0=12 1=3 4=1 6=3456",
  "PixelShuffle n 1 1 l out 0=2",
);

let graphs: readonly string[];
let folder: string;

beforeAll(async () => {
  const shipped = await readFile(join(PACKAGE_ROOT, "models/bd2x-fast/bd2x-fast.param"), "utf8");
  const deep = toParamText([unet, { op: "resize", kind: "cubic", factor: 2 }, { op: "shuffle", factor: 3 }]);
  graphs = [shipped, SQUEEZE, toParamText([unet, { op: "shuffle", factor: 2 }]), deep];
  folder = await mkdtemp(join(tmpdir(), "hostile-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** @returns whether the graph is taken; anything but a ModelError for a refusal fails the test */
function isTaken(text: string, label: string): boolean {
  const started = process.cpuUsage();
  try {
    const { scale, overlap, tensorFloatsPerPixel } = describeNetwork(parseParamFile(text));
    for (const value of [scale, overlap, tensorFloatsPerPixel]) expect(value, label).toBeLessThan(100_000);
    return true;
  } catch (thrown) {
    if (!(thrown instanceof ModelError)) throw new Error(`${label}: ${text}`, { cause: thrown });
    // The message goes to terminals and logs.
    expect(thrown.message, label).toMatch(/^[ -~]+$/);
    expect(thrown.message.length, label).toBeLessThan(1000);
    return false;
  } finally {
    const { user, system } = process.cpuUsage(started);
    expect(user + system, label).toBeLessThan(LONGEST_US);
  }
}

it("a graph with anything changed is taken or refused with a ModelError, in good time", () => {
  for (const text of graphs) expect(isTaken(text, "as it was")).toBe(true);
  const outcomes = { taken: 0, refused: 0 };
  for (let seed = 1; seed <= 4000; seed++) {
    const random = new Random(seed);
    const taken = isTaken(mutateGraph(random, random.pick(graphs)), `seed ${seed}`);
    outcomes[taken ? "taken" : "refused"]++;
  }
  // Were it all of one kind, the changes would reach nothing behind the first check.
  expect(outcomes.taken).toBeGreaterThan(100);
  expect(outcomes.refused).toBeGreaterThan(1000);
});

/** @returns a weight file that fits the graph: the least number of fp32 zeros that is accepted */
async function fittingWeights(text: string, path: string): Promise<Uint8Array> {
  let bytes = 0;
  for (;;) {
    await writeFile(path, new Uint8Array(bytes));
    try {
      await checkWeightFile(path, parseParamFile(text));
      return new Uint8Array(bytes);
    } catch (thrown) {
      const [, wanted = "0", left = "0"] =
        /expected (\d+) bytes .* received (\d+)/.exec(String(thrown)) ?? [];
      if (Number(wanted) <= Number(left)) throw thrown;
      bytes += Number(wanted) - Number(left);
    }
  }
}

it("weights with anything changed are taken or refused with a ModelError", async () => {
  const path = join(folder, "model.bin");
  const whole = await fittingWeights(SQUEEZE, path);
  const graph = parseParamFile(SQUEEZE);
  const outcomes = { taken: 0, refused: 0 };
  for (let seed = 1; seed <= 400; seed++) {
    const mutated = mutateWeights(new Random(seed), whole);
    await writeFile(path, mutated);
    const taken = await checkWeightFile(path, graph).then(
      () => true,
      (thrown: unknown) => {
        if (!(thrown instanceof ModelError)) throw new Error(`seed ${seed}`, { cause: thrown });
        return false;
      },
    );
    outcomes[taken ? "taken" : "refused"]++;
    if (taken) expect(mutated.length, `seed ${seed}`).toBe(whole.length);
  }
  expect(outcomes.taken).toBeGreaterThan(10);
  expect(outcomes.refused).toBeGreaterThan(100);
});

it("a graph with as many layers as there may be, and strides as far apart, takes no longer", () => {
  const chain = (stride: number, layer: (n: number) => string): string => {
    const middle = Array.from({ length: 2040 }, (_, n) => layer(n));
    const down = `Convolution c 1 1 in b0 0=3 1=${stride} 3=${stride}`;
    const up = `Deconvolution d 1 1 b2040 x 0=3 1=${stride} 3=${stride}`;
    // Two pixels less on each side: strides of 32 are then never in phase, which takes trying all of them.
    return paramText("Input i 0 1 in", down, ...middle, up, "Convolution e 1 1 x out 0=3 1=5");
  };
  for (const stride of [1, 2, 32]) {
    const isInPhase = stride < 32;
    const activations = chain(stride, (n) => `ReLU l${n} 1 1 b${n} b${n + 1}`);
    expect(isTaken(activations, `activations, stride ${stride}`)).toBe(isInPhase);
    const resizes = chain(stride, (n) => `Interp l${n} 1 1 b${n} b${n + 1} 0=3 1=1.0 2=1.0`);
    expect(isTaken(resizes, `resizes, stride ${stride}`)).toBe(isInPhase);
  }
});
