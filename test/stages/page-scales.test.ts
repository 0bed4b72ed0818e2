import { describe, expect, it } from "vitest";
import { PageScales } from "../../src/stages/page-scales.js";

describe("the scales of a worker", () => {
  it("are those of its model, its own for requests that name none", () => {
    const scales = new PageScales(2, null);
    expect(scales.all).toEqual([2, 3, 4]);
    expect(scales.enlargementFor({ scale: null }).scale).toBe(2);
    expect(scales.enlargementFor({ scale: 3 })).toEqual({ scale: 3, made: 4, between: 2 });
  });

  it("begin with what it was started with, which a request may still change", () => {
    const scales = new PageScales(2, 4);
    expect(scales.all).toEqual([4, 2, 3]);
    expect(scales.enlargementFor({ scale: null }).scale).toBe(4);
    expect(scales.enlargementFor({ scale: 2 })).toEqual({ scale: 2, made: 2, between: null });
  });

  it.each([
    [2, 1, "expected scale to be one of 2, 3, 4, as a model of 2x gives, received 1; use fit"],
    [4, 2, "expected scale to be 4, as a model of 4x gives, received 2; use fit"],
  ])("of a %ix model do not hold %i", (modelScale, scale, message) => {
    const ask = () => new PageScales(modelScale, null).enlargementFor({ scale });
    expect(ask).toThrow(message);
    expect(ask).toThrow(expect.objectContaining({ code: "unsupported_option" }));
    expect(() => new PageScales(modelScale, scale)).toThrow(message);
  });
});
