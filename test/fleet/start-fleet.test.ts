import { describe, expect, it } from "vitest";
import { settled } from "../client/fake-workers.js";
import { forbidUnhandledRejections } from "../client/unhandled.js";
import { FleetHarness } from "./fleet-harness.js";

forbidUnhandledRejections();

async function fail(harness: FleetHarness, place: number): Promise<void> {
  harness.at(place).hello();
  harness.at(place).say({ t: "fatal", code: "gpu_init_failed", message: "no such thing" });
  harness.at(place).exit({ code: 69 });
  await settled();
}

describe("startFleet", () => {
  it("is done when every worker is ready, and tells all their devices", async () => {
    const harness = new FleetHarness(2);
    let isLoaded = false;
    void harness.loaded.then(() => {
      isLoaded = true;
    });
    await harness.serve(0);
    expect(isLoaded).toBe(false);
    await harness.serve(1);
    const { ready } = await harness.loaded;
    expect(ready).toMatchObject({
      devices: [{ name: "fake (gpu 0)" }, { name: "fake (gpu 1)" }],
      models: [{ name: "m", scales: [2] }],
      default_model: "m",
    });
  });

  it("does without a device that fails while others work, and says so", async () => {
    const harness = new FleetHarness(2);
    await harness.serve(0);
    await fail(harness, 1);
    expect((await harness.loaded).ready.devices).toMatchObject([{ name: "fake" }]);
    expect(harness.logged).toContainEqual(expect.stringMatching(/not started again.*gpu 1.*no such thing/));
  });

  it("does not do without a device that does not exist: it was asked for by its number", async () => {
    const harness = new FleetHarness(2, { exists: false });
    await harness.serve(0);
    await fail(harness, 1);
    await expect(harness.loaded).rejects.toMatchObject({
      code: "gpu_init_failed",
      message: expect.stringMatching(/gpu 1.*no such thing/),
    });
  });

  it("fails with the reason when no device works", async () => {
    const harness = new FleetHarness(2);
    await fail(harness, 0);
    await fail(harness, 1);
    await expect(harness.loaded).rejects.toMatchObject({ code: "gpu_init_failed" });
  });

  it("fails when no process can be started", async () => {
    const harness = new FleetHarness(1, {
      start: () => {
        throw new Error("no such program");
      },
    });
    await expect(harness.loaded).rejects.toMatchObject({ code: "internal_fatal" });
  });

  it("tries a worker again that crashes while it loads", async () => {
    const harness = new FleetHarness(1);
    await harness.crash(0);
    await harness.replace(0);
    expect((await harness.loaded).ready.default_model).toBe("m");
  });
});
