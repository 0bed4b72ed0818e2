import { type Arithmetic, arithmeticName } from "../../src/engine/arithmetic.js";
import type { Probe } from "../../src/engine/precision-choice.js";
import type { PixelBuffer } from "../../src/stages/page.js";

/** How a fake probe behaves. */
export interface FakeProbe {
  /** Milliseconds that each upscaling takes of the fake clock, and says it took; the last one repeats. */
  readonly ms: readonly number[];
  readonly loadMs?: number;
  /** Of the exact result's values, every n-th is one level off; 0 = none. */
  readonly offEvery?: number;
  readonly fails?: "load" | "upscale" | "close";
  readonly data?: Uint8Array;
}

/** Loads fake probes by name, on a clock that only they move. */
export class FakeProbes {
  readonly loaded: string[] = [];
  readonly paths: string[] = [];
  open = 0;
  mostOpen = 0;
  clock = 0;
  readonly #probes: Readonly<Record<string, FakeProbe>>;
  readonly #others: FakeProbe;

  constructor(probes: Readonly<Record<string, FakeProbe>>, others: FakeProbe = { ms: [10] }) {
    this.#probes = probes;
    this.#others = others;
  }

  readonly now = () => this.clock;

  readonly load = async (arithmetic: Arithmetic, path = ""): Promise<Probe> => {
    const name = arithmeticName(arithmetic);
    const fake = this.#probes[name] ?? this.#others;
    this.loaded.push(name);
    this.paths.push(path);
    this.clock += fake.loadMs ?? 0;
    if (fake.fails === "load") throw new Error(`${name} cannot be loaded`);
    this.open++;
    this.mostOpen = Math.max(this.mostOpen, this.open);
    let runs = 0;
    return {
      upscale: async (image) => {
        if (fake.fails === "upscale") throw new Error(`${name} cannot run`);
        const ms = fake.ms[Math.min(runs++, fake.ms.length - 1)] ?? 0;
        this.clock += Number.isFinite(ms) ? ms : 0;
        return { data: fake.data ?? offBy(image, fake.offEvery ?? 0), ms };
      },
      close: async () => {
        this.open--;
        if (fake.fails === "close") throw new Error(`${name} cannot be closed`);
      },
    };
  };
}

function offBy({ data }: PixelBuffer, every: number): Uint8Array {
  return data.map((value, i) => (every > 0 && i % every === 0 ? value ^ 1 : value));
}
