import { describe, expect, it } from "vitest";
import { UpscalerError } from "../../src/errors.js";
import { MemoryAccount, type Reservation } from "../../src/stages/memory-account.js";
import { seededRandom } from "../support/images.js";
import { settled } from "./controlled-stages.js";

function setUp(limit: number) {
  const account = new MemoryAccount(limit);
  const admitted: string[] = [];
  const ask = (name: string, bytes: number, priority = 1) => {
    const controller = new AbortController();
    const claimant = { priority, signal: controller.signal };
    const reservation = account.reserve(claimant, bytes).then((granted) => {
      admitted.push(name);
      return granted;
    });
    // Awaited by the tests that expect a failure.
    reservation.catch(() => undefined);
    return { reservation, controller, claimant };
  };
  const release = async (reservation: Promise<Reservation>) => {
    (await reservation).release();
    await settled();
  };
  return { account, admitted, ask, release };
}

describe("memory for pages", () => {
  it("is given while it lasts, and again once it was given back", async () => {
    const { account, admitted, ask, release } = setUp(100);
    const first = ask("a", 60);
    ask("b", 40);
    ask("c", 30);
    await settled();
    expect(admitted).toEqual(["a", "b"]);
    expect(account.counters).toEqual({ limit: 100, used: 100, peak: 100, waiting: 1 });
    await release(first.reservation);
    expect(admitted).toEqual(["a", "b", "c"]);
    expect(account.counters).toEqual({ limit: 100, used: 70, peak: 100, waiting: 0 });
  });

  it("is given back once only, however often that is said", async () => {
    const { account, ask, release } = setUp(100);
    const { reservation } = ask("a", 60);
    await release(reservation);
    await release(reservation);
    expect(account.counters.used).toBe(0);
  });

  it("is refused at once to a page that would not fit alone", async () => {
    const { account, ask } = setUp(2 ** 20);
    const refused = ask("a", 3 * 2 ** 20 + 1).reservation;
    await expect(refused).rejects.toMatchObject({ code: "out_of_memory" });
    await expect(refused).rejects.toThrow(/at most 1 MiB.*about 4 MiB.*--max-memory/);
    expect(account.counters).toMatchObject({ used: 0, waiting: 0 });
  });

  it("is given to a page that takes all of it, when nothing else has any", async () => {
    const { admitted, ask } = setUp(100);
    ask("a", 100);
    await settled();
    expect(admitted).toEqual(["a"]);
  });

  it("is kept for a large page while small ones would still fit", async () => {
    const { admitted, ask, release } = setUp(100);
    const holding = ask("a", 50);
    ask("large", 80);
    ask("small", 10);
    await settled();
    expect(admitted).toEqual(["a"]);
    await release(holding.reservation);
    expect(admitted).toEqual(["a", "large", "small"]);
  });

  it("goes to the most urgent page first, as it is then", async () => {
    const { admitted, ask, release } = setUp(100);
    const holding = ask("a", 100);
    ask("prefetch", 60, 0);
    const changed = ask("changed", 60, 0);
    ask("normal", 60, 1);
    changed.claimant.priority = 2;
    await release(holding.reservation);
    expect(admitted).toEqual(["a", "changed"]);
  });

  it("comes in the end to a large page that urgent ones keep overtaking", async () => {
    const { admitted, ask, release } = setUp(100);
    let holding = ask("first", 50).reservation;
    ask("large", 100, 0);
    for (let turn = 1; turn <= 12; turn++) {
      const next = ask(`urgent ${turn}`, 50, 2).reservation;
      await release(holding);
      if (admitted.includes("large")) break;
      holding = next;
    }
    expect(admitted.at(-1)).toBe("large");
    expect(admitted).toHaveLength(10);
  });

  it("is not waited for after an abort, and whoever came next may go on", async () => {
    const { account, admitted, ask } = setUp(100);
    ask("a", 50);
    const large = ask("large", 100);
    ask("small", 50);
    const reason = new UpscalerError("cancelled", "no more");
    large.controller.abort(reason);
    await expect(large.reservation).rejects.toBe(reason);
    await settled();
    expect(admitted).toEqual(["a", "small"]);
    await expect(account.reserve({ priority: 1, signal: AbortSignal.abort(reason) }, 1)).rejects.toBe(reason);
    expect(account.counters).toMatchObject({ used: 100, waiting: 0 });
  });

  it.each([0, -1, Number.NaN])("cannot be limited to %s bytes", (limit) => {
    expect(() => new MemoryAccount(limit)).toThrow(/at least 1 byte/);
  });

  it.each([1, 2, 3, 4])(
    "never passes the limit, starves nobody and is all given back (seed %i)",
    async (seed) => {
      const random = seededRandom(seed);
      const { account, admitted, ask } = setUp(1000);
      const held: Reservation[] = [];
      const waiting = new Set<ReturnType<typeof ask>>();
      const sizes = new Map<string, number>();
      let aborted = 0;
      for (let step = 0; step < 2000; step++) {
        const choice = random();
        if (choice < 0.5 && waiting.size < 20) {
          const name = `${step}`;
          const bytes = 1 + Math.floor(random() ** 3 * 1000);
          sizes.set(name, bytes);
          const asked = ask(name, bytes, Math.floor(random() * 3));
          waiting.add(asked);
          asked.reservation
            .then(
              (granted) => held.push(granted),
              () => aborted++,
            )
            .finally(() => waiting.delete(asked));
        } else if (choice < 0.6) {
          [...waiting][Math.floor(random() * waiting.size)]?.controller.abort("random");
        } else {
          held.splice(Math.floor(random() * held.length), 1)[0]?.release();
        }
        await settled();
        expect(account.counters.used).toBeLessThanOrEqual(1000);
        expect(account.counters.waiting).toBe(waiting.size);
      }
      while (held.length > 0) {
        held.pop()?.release();
        await settled();
      }
      expect(admitted.length + aborted).toBe(sizes.size);
      expect(account.counters).toMatchObject({ used: 0, waiting: 0 });
    },
  );
});
