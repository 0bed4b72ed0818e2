import { expect, it } from "vitest";
import { TesteeLedger } from "../../../src/conformance/client/testee-ledger.js";

type Event = Readonly<Record<string, unknown>>;
const result: Event = { event: "result", key: "a" };
const closed: Event = { event: "closed", exit_code: 0 };

it.each([
  ["nothing wrong", [{ event: "progress", key: "a" }, result, closed], null],
  ["two ends", [result, { event: "error", key: "a" }, closed], /one end of a, received 2/],
  ["no end", [closed], /a result or an error of a/],
  ["progress after the end", [result, { event: "progress", key: "a" }, closed], /no progress of a/],
  ["an end of nobody", [result, { event: "error", key: "z" }, closed], /requests only/],
  ["something after closed", [result, closed, { event: "lost" }], /closed as the last/],
  ["no closed", [result], /expected the event closed/],
])("finds %s", (_what, events, problem) => {
  const ledger = new TesteeLedger();
  ledger.asked("a");
  for (const event of events) ledger.received(event);
  ledger.ended();
  if (problem === null) expect(ledger.problems).toEqual([]);
  else expect(ledger.problems.join("\n")).toMatch(problem);
});
