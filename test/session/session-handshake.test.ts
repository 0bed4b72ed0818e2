import { describe, expect, it } from "vitest";
import { EXIT } from "../../protocol/error-codes.js";
import { DEFAULT_WORKER_LIMITS } from "../../protocol/limits.js";
import { FatalError, UpscalerError } from "../../src/errors.js";
import { packedFrame } from "../wire/raw-frame.js";
import { Harness } from "./session-harness.js";

const HELLO = { t: "hello", proto: 1, client: { name: "test", version: "0" } };

async function afterFirst(message: unknown): Promise<Harness> {
  const harness = new Harness({ silent: true });
  harness.write(packedFrame(message));
  await harness.turn();
  return harness;
}

describe("Session: the worker's side of the handshake", () => {
  it("says hello at once, before the model is loaded and before the client speaks", async () => {
    const harness = new Harness({ unloaded: true, silent: true });
    await harness.turn();
    expect(harness.messages).toEqual([
      {
        t: "hello",
        proto: [1],
        name: "worker",
        version: "1.2.3",
        pid: 42,
        features: ["cancel", "update", "timeout", "progress", "stats", "strips", "label", "back_pressure"],
        limits: {
          max_frame: DEFAULT_WORKER_LIMITS.maxFrame,
          max_in_flight: 256,
          max_in_flight_bytes: 512 * 1024 * 1024,
          max_input_pixels: DEFAULT_WORKER_LIMITS.maxInputPixels,
          max_output_side: 16_383,
        },
      },
    ]);
  });

  it("says ready once the model is loaded, with the time that took", async () => {
    const harness = new Harness({ unloaded: true });
    await harness.advance(1500);
    expect(harness.types).toEqual(["hello"]);
    harness.load();
    await harness.turn();
    expect(harness.messages[1]).toMatchObject({ t: "ready", default_model: "plain-2x", load_ms: 1500 });
  });

  it("announces the limits that it was given", async () => {
    const harness = new Harness({ limits: { maxInFlight: 3, maxFrame: 1000 } });
    await harness.turn();
    expect(harness.messages[0]?.limits).toMatchObject({ max_in_flight: 3, max_frame: 1000 });
  });
});

describe("Session: the client's side of the handshake", () => {
  it.each([
    ["work", { t: "upscale", id: 1, data: Buffer.of(1) }],
    ["ping", { t: "ping", nonce: 1 }],
    ["an unknown type", { t: "novelty" }],
  ])("ends when %s comes before hello", async (_, message) => {
    const harness = await afterFirst(message);
    expect(harness.messages.at(-1)).toMatchObject({ t: "fatal", code: "handshake_required" });
    expect(harness.exitCode).toBe(EXIT.protocol);
  });

  it("ends on another protocol version, whatever else that version's hello holds", async () => {
    for (const hello of [
      { ...HELLO, proto: 2 },
      { t: "hello", proto: 0, client: "changed" },
    ]) {
      const harness = await afterFirst(hello);
      expect(harness.messages.at(-1)).toMatchObject({ t: "fatal", code: "unsupported_version" });
      expect(harness.exitCode).toBe(EXIT.protocol);
    }
  });

  it.each([
    ["no version", { ...HELLO, proto: undefined }, "for proto, received nil"],
    ["a version as text", { ...HELLO, proto: "1" }, 'for proto, received "1"'],
    ["no client", { t: "hello", proto: 1 }, "for client, received nothing"],
    ["a client without a name", { ...HELLO, client: { version: "0" } }, "for client.name, received nothing"],
    ["no type", { proto: 1 }, "expected a string for t, received nothing"],
    ["features that are not text", { ...HELLO, features: [1] }, "for features.0, received 1"],
    ["a parent_pid of 0", { ...HELLO, parent_pid: 0 }, "for parent_pid, received 0"],
  ])("ends on a hello with %s", async (_, message, problem) => {
    const harness = await afterFirst(message);
    expect(harness.messages.at(-1)).toMatchObject({ t: "fatal", code: "bad_envelope" });
    expect(harness.messages.at(-1)?.message).toContain(problem);
  });

  it("ends on a second hello", async () => {
    const harness = new Harness();
    harness.write(packedFrame(HELLO));
    await harness.turn();
    expect(harness.messages.at(-1)).toMatchObject({ t: "fatal", code: "bad_envelope" });
  });

  it("ignores what a newer client adds to its hello", async () => {
    const harness = await afterFirst({ ...HELLO, features: ["strips"], mood: "good" });
    harness.send({ t: "ping", nonce: 5 });
    await harness.turn();
    expect(harness.ofType("pong")).toEqual([{ t: "pong", nonce: 5, queued: 0, running: 0 }]);
  });
});

describe("Session: while the model loads", () => {
  it("queues work and starts it once the model is there", async () => {
    const harness = new Harness({ unloaded: true });
    harness.upscale(1);
    harness.send({ t: "ping", nonce: 9 });
    await harness.turn();
    expect(harness.ofType("pong")).toEqual([{ t: "pong", nonce: 9, queued: 1, running: 0 }]);
    expect(harness.processor.started).toEqual([]);
    harness.load();
    await harness.turn();
    expect(harness.startedIds).toEqual([1]);
    harness.processor.finish();
    await harness.turn();
    expect(harness.outcomes(1)).toEqual(["result"]);
  });

  it("answers what the loaded models turn out not to serve, and starts the rest", async () => {
    const harness = new Harness({ unloaded: true });
    harness.upscale(1, { model: "absent" });
    harness.upscale(2, { scale: 3 });
    harness.upscale(3, { model: "other", scale: 4 });
    harness.load();
    await harness.turn();
    expect([harness.outcomes(1), harness.outcomes(2)]).toEqual([["model_not_found"], ["unsupported_option"]]);
    expect(harness.startedIds).toEqual([3]);
  });

  it.each([
    ["a typed reason", new FatalError("internal_fatal", "damaged"), "internal_fatal", EXIT.internal],
    ["a request's error", new UpscalerError("gpu_lost", "no Vulkan"), "gpu_init_failed", EXIT.noDevice],
    ["any error", new Error("no Vulkan"), "gpu_init_failed", EXIT.noDevice],
    ["a thrown text", "no Vulkan", "gpu_init_failed", EXIT.noDevice],
  ])("ends with the reason when loading fails with %s", async (_, reason, code, exitCode) => {
    const harness = new Harness({ unloaded: true });
    harness.upscale(1);
    await harness.turn();
    harness.failLoading(reason);
    await harness.turn();
    expect(harness.outcomes(1)).toEqual(["shutting_down"]);
    expect(harness.messages.at(-1)).toMatchObject({ t: "fatal", code });
    expect(harness.messages.at(-1)?.message).toContain(code === "internal_fatal" ? "damaged" : "no Vulkan");
    expect(harness.exitCode).toBe(exitCode);
  });

  it("says nothing more when the model loads after the end", async () => {
    const harness = new Harness({ unloaded: true });
    harness.send({ t: "shutdown", mode: "now" });
    await harness.turn();
    expect(harness.exitCode).toBe(EXIT.ok);
    harness.load();
    await harness.turn();
    expect(harness.types).toEqual(["hello", "bye"]);
  });
});
