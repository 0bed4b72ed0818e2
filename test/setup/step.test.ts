import { readdir } from "node:fs/promises";
import { describe, expect, it, vi } from "vitest";
import { runStep } from "../../scripts/setup/step.mjs";
import { temporaryFolder } from "./fixtures/temporary-folder.js";

async function tracedStep() {
  const stamps = await temporaryFolder();
  const state = { inputs: "source 1", products: null as string | null };
  const run = vi.fn(async (_again: boolean) => {
    state.products = `made from ${state.inputs}`;
  });
  const step = {
    name: "traced",
    inputs: async () => state.inputs,
    products: async () => state.products,
    run,
  };
  return { state, run, stamps, go: () => runStep(step, stamps) };
}

describe("a step of the set-up", () => {
  it("is left out while nothing changed", async () => {
    const { run, go } = await tracedStep();
    expect([await go(), await go(), await go()]).toEqual([true, false, false]);
    expect(run).toHaveBeenCalledExactlyOnceWith(false);
  });

  it("runs again when its inputs changed", async () => {
    const { state, run, go } = await tracedStep();
    await go();
    state.inputs = "source 2";
    expect([await go(), await go()]).toEqual([true, false]);
    expect(run).toHaveBeenLastCalledWith(true);
  });

  it.each([null, "changed by hand"])("runs again when its product is %s", async (products) => {
    const { state, run, go } = await tracedStep();
    await go();
    state.products = products;
    expect([await go(), await go()]).toEqual([true, false]);
    expect(run).toHaveBeenCalledTimes(2);
  });

  it("runs again after a failure, even when the old product is still there", async () => {
    const { state, run, stamps, go } = await tracedStep();
    await go();
    state.inputs = "source with a mistake";
    run.mockRejectedValueOnce(new Error("does not compile"));
    await expect(go()).rejects.toThrow("does not compile");
    expect(await readdir(stamps)).toEqual([]);
    state.inputs = "source 1";
    expect(await go()).toBe(true);
    expect(run).toHaveBeenLastCalledWith(false);
  });

  it("does not take inputs that changed while it ran for those that it used", async () => {
    const { state, run, go } = await tracedStep();
    run.mockImplementationOnce(async () => {
      state.products = "made from source 1";
      state.inputs = "source 2, saved meanwhile";
    });
    expect([await go(), await go(), await go()]).toEqual([true, true, false]);
  });

  it("fails when it leaves no product", async () => {
    const { run, go } = await tracedStep();
    run.mockResolvedValueOnce(undefined);
    await expect(go()).rejects.toThrow("expected the step 'traced' to leave its products");
    expect(await go()).toBe(true);
  });
});
