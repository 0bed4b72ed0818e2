import { describe, expect, it } from "vitest";
import { describeScales, enlargementTo, scalesOf } from "../../src/models/scales.js";

describe("a model of 2x", () => {
  it("serves 2 at once, and 3 and 4 in two passes, of which 3 is shrunk", () => {
    expect(scalesOf(2)).toEqual([2, 3, 4]);
    expect(enlargementTo(2, 2)).toEqual({ scale: 2, made: 2, between: null });
    expect(enlargementTo(3, 2)).toEqual({ scale: 3, made: 4, between: 2 });
    expect(enlargementTo(4, 2)).toEqual({ scale: 4, made: 4, between: 2 });
    expect(describeScales(2)).toBe("2x; 3x and 4x in two passes");
  });

  it.each([1, 5, 8, 0, 2.5])("does not serve %s", (scale) => {
    expect(enlargementTo(scale, 2)).toBeNull();
  });
});

describe.each([1, 3, 4, 8])("a model of %ix", (modelScale) => {
  it("serves its own scale only", () => {
    expect(scalesOf(modelScale)).toEqual([modelScale]);
    expect(enlargementTo(modelScale, modelScale)).toEqual({
      ...{ scale: modelScale, made: modelScale, between: null },
    });
    expect(enlargementTo(2, modelScale)).toBeNull();
    expect(describeScales(modelScale)).toBe(`${modelScale}x`);
  });
});
