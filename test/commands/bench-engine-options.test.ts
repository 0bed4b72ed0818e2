import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { addBenchEngineOptions } from "../../src/commands/bench-engine-options.js";

function parse(...args: string[]) {
  const command = addBenchEngineOptions(
    new Command("engine").exitOverride().configureOutput({ writeErr: () => undefined }),
  );
  command.parse(args, { from: "user" });
  return { pages: command.args, ...command.opts() };
}

describe("the options of bench engine", () => {
  it("measure everything on the best device unless told otherwise", () => {
    expect(parse()).toMatchObject({
      ...{ gpuId: "auto", model: [], tile: [0, 512, 256, 128], precision: "table", rounds: 3, json: null },
    });
  });

  it("collect what is repeated, instead of the defaults", () => {
    const args = [
      "--tile",
      "64",
      "--tile",
      "0",
      "-m",
      "a",
      "-m",
      "b/c.param",
      "--threads",
      "1",
      "--threads",
      "2",
    ];
    expect(parse(...args, "one.png", "two.png")).toMatchObject({
      ...{ tile: [64, 0], model: ["a", "b/c.param"], threads: [1, 2], pages: ["one.png", "two.png"] },
    });
    // And the defaults are as before for the next one.
    expect(parse()).toMatchObject({ tile: [0, 512, 256, 128], model: [] });
  });

  it.each([
    [["--gpu-id", "-1"], -1],
    [["--gpu-id", "3"], 3],
  ])("take a device: %j", (args, gpuId) => {
    expect(parse(...args)).toMatchObject({ gpuId });
  });

  it.each([
    ["--tile", "31"],
    ["--tile", "x"],
    ["--gpu-id", "-2"],
    ["--threads", "0"],
    ["--rounds", "0"],
    ["--precision", "int4"],
  ])("refuse %s %s", (option, value) => {
    expect(() => parse(option, value)).toThrow(/received|Allowed choices/);
  });
});
