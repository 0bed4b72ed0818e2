import { expect, it } from "vitest";
import { IdleTimer } from "../../src/session/idle-timer.js";
import { FakeClock } from "./fake-clock.js";

function setUp() {
  const clock = new FakeClock();
  let fired = 0;
  const timer = new IdleTimer(clock, () => fired++);
  return { clock, timer, fired: () => fired };
}

it("IdleTimer fires once after its time", () => {
  const { clock, timer, fired } = setUp();
  timer.arm(100);
  clock.advance(99);
  expect(fired()).toBe(0);
  clock.advance(500);
  expect(fired()).toBe(1);
  expect(timer.isArmed).toBe(false);
});

it("IdleTimer starts over at every touch, and only when armed", () => {
  const { clock, timer, fired } = setUp();
  timer.touch();
  expect(clock.pending).toBe(0);
  timer.arm(100);
  for (let touch = 0; touch < 5; touch++) {
    clock.advance(99);
    timer.touch();
  }
  expect(fired()).toBe(0);
  clock.advance(100);
  expect(fired()).toBe(1);
});

it("IdleTimer does not fire when disarmed, and holds one timer when armed twice", () => {
  const { clock, timer, fired } = setUp();
  timer.arm(100);
  timer.arm(200);
  expect(clock.pending).toBe(1);
  timer.disarm();
  clock.advance(1000);
  expect(fired()).toBe(0);
});
