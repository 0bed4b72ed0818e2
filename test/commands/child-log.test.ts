import { describe, expect, it } from "vitest";
import { labelLine } from "../../src/commands/child-log.js";

describe("a line of a worker's log", () => {
  it("has the worker in front as text", () => {
    expect(labelLine("info: model loaded", "gpu 1", "text")).toBe("gpu 1: info: model loaded");
  });

  it("has the worker as a field as JSON", () => {
    expect(JSON.parse(labelLine('{"level":"info","message":"m"}', "gpu 1", "json"))).toEqual({
      ...{ level: "info", message: "m", worker: "gpu 1" },
    });
  });

  it.each(["free(): invalid pointer", "", "[1]", "null", '"text"'])(
    "becomes JSON when a library has written it: %s",
    (line) => {
      expect(JSON.parse(labelLine(line, "gpu 1", "json"))).toMatchObject({ message: line, worker: "gpu 1" });
    },
  );
});
