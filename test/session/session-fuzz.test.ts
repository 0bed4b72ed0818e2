import { expect, it } from "vitest";
import { EXIT } from "../../protocol/error-codes.js";
import { Random } from "../wire/random.js";
import { packedFrame } from "../wire/raw-frame.js";
import { FakeProcessor } from "./fake-processor.js";
import { Harness } from "./session-harness.js";

const VALUES = [
  undefined,
  null,
  0,
  1,
  2,
  3,
  5,
  -1,
  2 ** 32 - 1,
  "x",
  "2",
  true,
  [],
  {},
  Buffer.of(1),
  { width: 5 },
];
const FIELDS = [
  "scale",
  "priority",
  "timeout_ms",
  "progress",
  "format",
  "fit",
  "model",
  "data",
  "grace_ms",
  "mode",
];
const TYPES = ["upscale", "upscale", "upscale", "cancel", "update", "ping", "stats", "novelty"];

/** A message that is mostly right, and now and then wrong in one field. */
function randomMessage(random: Random, risky: boolean): Record<string, unknown> {
  const message: Record<string, unknown> = {
    t: random.pick(TYPES),
    id: 1 + random.below(6),
    nonce: random.below(100),
    priority: random.below(3),
    data: Buffer.from("image"),
  };
  if (random.below(4) === 0) message[random.pick(FIELDS)] = random.pick(VALUES);
  if (random.below(5) === 0) message.timeout_ms = 1 + random.below(50);
  if (risky && random.below(30) === 0) message.id = random.pick(VALUES);
  if (risky && random.below(60) === 0) message.t = random.pick(["hello", "shutdown", 5, "upscale"]);
  return message;
}

/** Frames, some of them damaged. */
function randomBytes(random: Random, risky: boolean): Buffer {
  const frame = packedFrame(randomMessage(random, risky));
  if (risky && random.below(25) === 0) frame[random.below(frame.length)] = random.below(256);
  return frame;
}

async function play(seed: number, risky: boolean): Promise<void> {
  const random = new Random(seed);
  const harness = new Harness({
    processor: new FakeProcessor(2, random.below(2) === 0),
    limits: { maxInFlight: 4, maxInFlightBytes: 1000 },
  });
  await harness.turn();
  const accepted = new Map<number, number>();
  for (let step = 0; step < 40 && harness.exitCode === null; step++) {
    harness.write(randomBytes(random, risky));
    if (random.below(3) === 0) harness.processor.finish();
    if (random.below(9) === 0) harness.processor.fail(new Error("a fault"));
    if (random.below(4) === 0) await harness.advance(random.below(30));
  }
  await harness.turn();
  for (const { id } of harness.processor.started as unknown as { id: number }[]) {
    accepted.set(id, (accepted.get(id) ?? 0) + 1);
  }
  harness.input.end();
  await harness.turn();
  for (let left = 0; left < 20 && harness.exitCode === null; left++) {
    harness.processor.finish();
    await harness.turn();
  }
  await harness.advance(60_000);

  const where = `seed ${seed}`;
  expect([EXIT.ok, EXIT.protocol], where).toContain(harness.exitCode);
  expect(["bye", "fatal"], where).toContain(harness.types.at(-1));
  expect(harness.clock.pending, where).toBe(0);
  // Every request that was started has an answer of its own.
  for (const [id, starts] of accepted)
    expect(harness.answers(id).length, where).toBeGreaterThanOrEqual(starts);
  if (!risky)
    expect(harness.exitCode === EXIT.ok || harness.messages.at(-1)?.code === "duplicate_id", where).toBe(
      true,
    );
}

it("ends in order, with an answer for each request, for 300 random conversations", async () => {
  for (let seed = 1; seed <= 300; seed++) await play(seed, false);
});

it("ends in order for 300 random conversations with damaged frames", async () => {
  for (let seed = 1001; seed <= 1300; seed++) await play(seed, true);
});

it("gives every valid request exactly one answer, whatever cancels and finishes around it", async () => {
  const random = new Random(5);
  for (let round = 0; round < 50; round++) {
    const harness = new Harness({
      processor: new FakeProcessor(3, round % 2 === 0),
      limits: { maxInFlight: 10 },
    });
    await harness.turn();
    for (let id = 1; id <= 60; id++) {
      harness.upscale(id, { timeout_ms: 1 + random.below(40), priority: random.below(3) });
      if (random.below(2) === 0) harness.send({ t: "cancel", id: 1 + random.below(id) });
      if (random.below(2) === 0) harness.processor.finish();
      if (random.below(3) === 0) await harness.advance(random.below(10));
    }
    harness.input.end();
    await harness.advance(5000);
    await harness.turn();
    for (let id = 1; id <= 60; id++) expect(harness.outcomes(id).length, `round ${round}, id ${id}`).toBe(1);
    expect(harness.exitCode).toBe(EXIT.ok);
  }
});
