import { describe, expect, it } from "vitest";
import { addFault, NO_FAULTS } from "../../src/testing/faults.js";

describe("addFault", () => {
  it("collects faults of pages and of the process", () => {
    const texts = [
      "crash-on=3",
      "stall-on=poison",
      "out-of-memory",
      "slow=20",
      "exit-at-start",
      "inject-unknown",
    ];
    const faults = texts.reduce((collected, text) => addFault(text, collected), NO_FAULTS);
    expect(faults.page).toEqual([
      { fault: "crash", on: 3 },
      { fault: "stall", on: "poison" },
      { fault: "out-of-memory", on: null },
    ]);
    expect([...faults.process]).toEqual([
      ["slow", 20],
      ["exit-at-start", null],
      ["inject-unknown", null],
    ]);
    expect(NO_FAULTS).toEqual({ page: [], process: new Map() });
  });

  it.each(["melt", "crash=3", "crash-on", "crash-on=", "slow", "slow=fast", "never-ready=1", ""])(
    "refuses '%s' and says what is known",
    (text) => {
      expect(() => addFault(text, NO_FAULTS)).toThrow(/expected .* received/);
    },
  );
});
