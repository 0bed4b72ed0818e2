import { describe, expect, it } from "vitest";
import type { NativeDevice } from "../../src/engine/native.js";
import { selectDevice } from "../../src/engine/select-device.js";

function device(index: number, type: NativeDevice["type"], preferred = false): NativeDevice {
  return {
    ...{ index, type, preferred, name: `${type} ${index}`, memoryMb: 1024 },
    ...{ driver: "test", driverVersion: "1", uuid: `${index}` },
    ...{
      fp16Storage: true,
      fp16Arithmetic: true,
      int8Storage: true,
      cooperativeMatrix: false,
      fusedConvolution: false,
    },
  };
}

const software = device(0, "software");
const integrated = device(1, "integrated");
const discrete = device(2, "discrete", true);

describe("selectDevice", () => {
  it.each([
    ["the preferred device, wherever it is listed", [software, integrated, discrete], 2],
    ["the CPU where no device is preferred", [software], -1],
    ["the CPU where there is nothing", [], -1],
  ])("takes %s", (_, devices, index) => {
    expect(selectDevice(devices, "auto").index).toBe(index);
  });

  it("obeys an index, also of a software device", () => {
    expect(selectDevice([software, discrete], 0)).toMatchObject({
      index: 0,
      type: "software",
      backend: "vulkan",
    });
  });

  it("takes the CPU for -1 whatever else there is", () => {
    expect(selectDevice([discrete], -1)).toMatchObject({ index: -1, backend: "cpu" });
  });

  it("names the devices there are when the index is wrong", () => {
    expect(() => selectDevice([integrated], 7)).toThrow(/received 7; devices: 1 \(integrated 1\)/);
    expect(() => selectDevice([], 0)).toThrow(expect.objectContaining({ code: "gpu_init_failed" }));
  });
});
