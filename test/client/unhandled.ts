import { afterEach, beforeEach, expect } from "vitest";
import { settled } from "./fake-workers.js";

/** Makes every test of the file fail that leaves a rejection to nobody. */
export function forbidUnhandledRejections(): void {
  const unhandled: unknown[] = [];
  const remember = (reason: unknown) => unhandled.push(reason);
  beforeEach(() => {
    unhandled.length = 0;
    process.on("unhandledRejection", remember);
  });
  afterEach(async () => {
    await settled();
    process.off("unhandledRejection", remember);
    expect(unhandled).toEqual([]);
  });
}
