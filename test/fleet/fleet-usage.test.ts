import { describe, expect, it } from "vitest";
import type { StatsMessage } from "../../protocol/messages.js";
import { FleetUsage } from "../../src/fleet/fleet-usage.js";
import { settled } from "../client/fake-workers.js";
import { FakeClock } from "../session/fake-clock.js";

function stats(queued: number, longest: number): StatsMessage {
  const stage = { queued, running: 1, busy_ms: 10, longest_wait_ms: longest };
  return {
    ...{ t: "stats", nonce: 1, uptime_ms: 5, queued: 0, running: 0, in_flight_bytes: 0, unsent_bytes: 0 },
    ...{ outcomes: {}, stages: { decode: stage }, memory_mb: { rss: 100, pages: 1 } },
  };
}

const own = () => ({ stages: {}, memory_mb: { rss: 50, heap: 20 } });

class FakeChild {
  stats: StatsMessage | null = null;
  asked = 0;
  answer: (told: StatsMessage) => void = () => undefined;

  async refreshStats(): Promise<void> {
    this.asked++;
    this.stats = await new Promise<StatsMessage>((resolve) => {
      this.answer = resolve;
    });
  }
}

describe("FleetUsage", () => {
  it("adds the workers up, but for what is the largest of one", async () => {
    const children = [new FakeChild(), new FakeChild()];
    const usage = new FleetUsage(children, own, new FakeClock());
    const refreshed = usage.refresh();
    children[0]?.answer(stats(1, 7));
    children[1]?.answer(stats(2, 4));
    await refreshed;
    expect(usage.read()).toEqual({
      stages: { decode: { queued: 3, running: 2, busy_ms: 20, longest_wait_ms: 7 } },
      memory_mb: { rss: 250, heap: 20, pages: 2 },
    });
  });

  it("asks once for all who want to know meanwhile, and again later", async () => {
    const child = new FakeChild();
    const usage = new FleetUsage([child], own, new FakeClock());
    const both = Promise.all([usage.refresh(), usage.refresh()]);
    child.answer(stats(1, 1));
    await both;
    expect(child.asked).toBe(1);
    void usage.refresh();
    expect(child.asked).toBe(2);
  });

  it("does not wait for a worker that says nothing: it tells what it knows", async () => {
    const [silent, talking, clock] = [new FakeChild(), new FakeChild(), new FakeClock()];
    silent.stats = stats(5, 1);
    const usage = new FleetUsage([silent, talking], own, clock);
    let isDone = false;
    void usage.refresh().then(() => {
      isDone = true;
    });
    talking.answer(stats(1, 1));
    await settled();
    expect(isDone).toBe(false);
    clock.advance(1000);
    await settled();
    expect(isDone).toBe(true);
    expect(usage.read().stages.decode?.queued).toBe(6);
  });

  it("tells of this process alone before any worker was asked", () => {
    expect(new FleetUsage([new FakeChild()], own).read()).toEqual(own());
  });
});
