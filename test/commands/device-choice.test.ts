import { describe, expect, it } from "vitest";
import { parseDevices, parseOneDevice } from "../../src/commands/device-choice.js";

describe("--gpu-id of a worker", () => {
  it.each([
    ["auto", "auto"],
    ["0", 0],
    ["-1", -1],
    ["0,1,2,3", [0, 1, 2, 3]],
    ["-1,-1", [-1, -1]],
    ["1,-1", [1, -1]],
  ])("%s is %j", (text, choice) => {
    expect(parseDevices(text)).toEqual(choice);
  });

  it.each([
    ["0,0", /expected each GPU once, received 0 twice/],
    ["0,auto", /expected Vulkan indexes or -1/],
    ["0,", /received ''/],
    ["-2", /expected auto, -1/],
    ["256", /expected auto, -1/],
    ["0,256", /received '256'/],
    ["one", /received 'one'/],
    [Array.from({ length: 17 }, (_, id) => id).join(), /at most 16 devices, received 17/],
  ])("%s is refused", (text, message) => {
    expect(() => parseDevices(text)).toThrow(message);
  });
});

describe("--gpu-id of a command that computes by itself", () => {
  it("is one device", () => {
    expect([parseOneDevice("auto"), parseOneDevice("-1"), parseOneDevice("3")]).toEqual(["auto", -1, 3]);
    expect(() => parseOneDevice("0,1")).toThrow(/expected one device, received '0,1'/);
  });
});
