import { integerFrom } from "./image-options.js";

/** Collects a repeatable option; the first one given replaces the default. */
export function repeatable<Value>(
  parse: (text: string) => Value,
  defaults: readonly Value[],
): (text: string, before: readonly Value[]) => readonly Value[] {
  return (text, before) => [...(before === defaults ? [] : before), parse(text)];
}

/** Parses what names a device: "auto", -1 for the CPU, or a Vulkan index. */
export function parseGpuId(text: string): number | "auto" {
  if (text === "auto") return text;
  return text === "-1" ? -1 : integerFrom(0, 255)(text);
}
