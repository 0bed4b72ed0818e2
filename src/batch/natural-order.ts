const COLLATOR = new Intl.Collator("en", { numeric: true });

/** Orders names as people count: 2.jpg before 10.jpg. */
export function byNaturalOrder(a: string, b: string): number {
  // Names that the collator takes for equal still have an order of their own, the same in every run.
  return COLLATOR.compare(a, b) || (a < b ? -1 : Number(a > b));
}
