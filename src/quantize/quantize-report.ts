import { markdownTable } from "../bench/bench-tables.js";
import type { ChosenLayers } from "./choose-layers.js";
import { type ComparedPage, GATE, passes, worstOf } from "./gate.js";
import type { InputThresholds } from "./int8-model.js";

/** @returns a line for each layer: what became of it, and why */
export function formatLayers(all: InputThresholds, { thresholds, alone }: ChosenLayers): string {
  const rows = [...all].map(([name, threshold]) => {
    const harm = alone.get(name);
    return [
      name,
      thresholds.has(name) ? "int8" : "as it was",
      threshold.toPrecision(4),
      harm === undefined ? "-" : harm.toFixed(1),
    ];
  });
  return `${markdownTable(["layer", "weights", "largest input", "dB alone"], rows)}\n`;
}

/** @param pages the worst by PSNR first */
export function formatGate(pages: readonly ComparedPage[]): string {
  const [worst] = pages;
  const lowest = worstOf(pages);
  const verdict = passes(pages, GATE) ? "passed" : "NOT passed";
  return [
    `gate ${verdict}: ${pages.length} pages, above ${GATE.abovePsnrDb} dB and an SSIM of ${GATE.aboveSsim} against the float model`,
    `worst page: ${worst?.name}, ${worst?.psnrDb.toFixed(2)} dB, SSIM ${worst?.ssim.toFixed(4)}; lowest SSIM ${lowest.ssim.toFixed(4)}`,
    "",
  ].join("\n");
}
