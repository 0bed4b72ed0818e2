import { describe, expect, it } from "vitest";
import { MAX_OVERTAKES, Scheduler } from "../../src/session/scheduler.js";

interface Item {
  readonly name: string;
  priority: number;
}

function takeAll(scheduler: Scheduler<Item>): string[] {
  const names: string[] = [];
  for (let item = scheduler.take(); item !== null; item = scheduler.take()) names.push(item.name);
  return names;
}

describe("Scheduler", () => {
  it("gives nothing when nothing waits", () => {
    expect(new Scheduler<Item>().take()).toBeNull();
  });

  it("goes by priority, then by arrival", () => {
    const scheduler = new Scheduler<Item>();
    for (const [name, priority] of [
      ["a", 0],
      ["b", 1],
      ["c", 2],
      ["d", 1],
      ["e", 2],
    ] as const) {
      scheduler.add({ name, priority });
    }
    expect(takeAll(scheduler)).toEqual(["c", "e", "b", "d", "a"]);
  });

  it("reads the priority when it chooses", () => {
    const scheduler = new Scheduler<Item>();
    const late = { name: "late", priority: 0 };
    scheduler.add({ name: "early", priority: 1 });
    scheduler.add(late);
    late.priority = 2;
    expect(takeAll(scheduler)).toEqual(["late", "early"]);
  });

  it("starts the oldest after so many others, once, and then goes by priority again", () => {
    const scheduler = new Scheduler<Item>();
    scheduler.add({ name: "old", priority: 0 });
    scheduler.add({ name: "older than most", priority: 0 });
    for (let index = 0; index < 3 * MAX_OVERTAKES; index++) scheduler.add({ name: `v${index}`, priority: 2 });
    const order = takeAll(scheduler);
    expect(order.indexOf("old")).toBe(MAX_OVERTAKES);
    expect(order.indexOf("older than most")).toBe(2 * MAX_OVERTAKES + 1);
  });

  it("counts anew when the oldest is removed", () => {
    const scheduler = new Scheduler<Item>();
    const oldest = { name: "oldest", priority: 0 };
    scheduler.add(oldest);
    scheduler.add({ name: "next", priority: 0 });
    for (let index = 0; index < 2 * MAX_OVERTAKES; index++) scheduler.add({ name: `v${index}`, priority: 2 });
    for (let index = 0; index < MAX_OVERTAKES; index++) scheduler.take();
    expect(scheduler.remove(oldest)).toBe(true);
    expect(scheduler.take()?.name).toBe(`v${MAX_OVERTAKES}`);
  });

  it("says whether what it should remove was waiting", () => {
    const scheduler = new Scheduler<Item>();
    const item = { name: "a", priority: 0 };
    expect(scheduler.remove(item)).toBe(false);
    scheduler.add(item);
    expect(scheduler.remove(item)).toBe(true);
    expect(scheduler.size).toBe(0);
  });
});
