/** Collects a repeatable option; the first one given replaces the default. */
export function repeatable<Value>(
  parse: (text: string) => Value,
  defaults: readonly Value[],
): (text: string, before: readonly Value[]) => readonly Value[] {
  return (text, before) => [...(before === defaults ? [] : before), parse(text)];
}

/** @returns what stands before the first comma */
export function firstOf(list: string): string {
  return list.split(",")[0] ?? "";
}
