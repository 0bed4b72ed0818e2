import { describe, expect, it } from "vitest";
import { fuzzReader } from "../../../src/conformance/fuzz/fuzz-reader.js";
import { mutateSession } from "../../../src/conformance/fuzz/mutated-session.js";
import { Random } from "../../../src/conformance/fuzz/random.js";
import { MessageReader } from "../../../src/wire/message-reader.js";

describe("mutateSession", () => {
  it("is the same for the same seed, and another for another", () => {
    const [first, again, other] = [7, 7, 8].map((seed) => mutateSession(new Random(seed), 50));
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
  });

  it("makes frames that can be read, that differ in type, and ends of both kinds", () => {
    const sessions = Array.from({ length: 30 }, (_, seed) => mutateSession(new Random(seed), 40));
    const types = new Set<unknown>();
    let count = 0;
    const reader = new MessageReader(({ t: type }) => {
      types.add(type);
      count++;
    });
    for (const { frames } of sessions) for (const frame of frames) reader.push(frame);
    reader.end();
    expect(count).toBe(30 * 40);
    expect([...types]).toEqual(
      expect.arrayContaining(["upscale", "update", "cancel", "ping", "stats", "rotate"]),
    );
    expect(new Set(sessions.map(({ end }) => end))).toEqual(new Set(["fatal", "bye"]));
  });
});

describe("fuzzReader", () => {
  it("finds nothing in 20,000 streams, of which each kind of refusal is one", () => {
    const { problem, codes, streams } = fuzzReader(20_000, 3);
    expect(problem).toBeNull();
    expect(streams).toBe(20_000);
    const kinds = ["frame_empty", "frame_too_large", "frame_truncated", "malformed_message", "none"];
    expect(Object.keys(codes).sort()).toEqual(kinds);
  });
});
