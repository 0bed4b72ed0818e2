import { describe, expect, it } from "vitest";
import { Ledger } from "../../../src/conformance/worker/ledger.js";

const HELLO = {
  t: "hello",
  proto: [1],
  name: "w",
  version: "1",
  pid: 2,
  features: [],
  limits: { max_frame: 1, max_in_flight: 1, max_in_flight_bytes: 1, max_input_pixels: 1, max_output_side: 1 },
};
const upscale = (id: number) => ({ t: "upscale", id, data: Uint8Array.of(1) });
const failed = (id: number, code = "cancelled", retryable = false) => ({
  t: "error",
  id,
  code,
  message: "m",
  retryable,
});

function ledgerOf(...received: Record<string, unknown>[]): Ledger {
  const ledger = new Ledger();
  for (const id of [1, 2]) ledger.sent(upscale(id));
  for (const message of received) ledger.received(message);
  return ledger;
}

describe("Ledger", () => {
  it("finds nothing wrong with a session that answers everything", () => {
    const ledger = ledgerOf(HELLO, failed(1), failed(2, "overloaded", true), { t: "bye" });
    ledger.ended({ exitCode: 0, signal: null }, false);
    expect(ledger.problems).toEqual([]);
  });

  it("counts an id that was used again as another request", () => {
    const ledger = ledgerOf(HELLO, failed(1));
    ledger.sent(upscale(1));
    ledger.received(failed(1));
    expect(ledger.problems).toEqual([]);
    expect(ledger.unanswered).toEqual([2]);
  });

  it.each([
    ["an answer too many", [HELLO, failed(1), failed(1)], /at most 1 answers to id 1/],
    ["an answer to nobody", [HELLO, failed(9)], /at most 0 answers to id 9/],
    [
      "progress after the end",
      [HELLO, failed(1), { t: "progress", id: 1, done: 1, total: 2 }],
      /live requests/,
    ],
    ["progress of nobody", [HELLO, { t: "progress", id: 9, done: 1, total: 2 }], /live requests/],
    ["a missing hello", [{ t: "pong", nonce: 1, queued: 0, running: 0 }], /hello as message 1/],
    ["a second hello", [HELLO, HELLO], /hello as message 1/],
    ["an illegal field", [HELLO, { t: "pong", nonce: "x", queued: 0, running: 0 }], /nonce/],
    ["something after bye", [HELLO, { t: "bye" }, failed(1)], /nothing after bye/],
    ["a code that may not be tried again", [HELLO, failed(1, "cancelled", true)], /retryable false/],
  ])("finds %s", (_what, received, problem) => {
    expect(ledgerOf(...received).problems.join("\n")).toMatch(problem);
  });

  it.each([
    [
      "a request without an answer before bye",
      [HELLO, failed(1), { t: "bye" }],
      0,
      /1 answers to id 2 before bye/,
    ],
    ["bye with another exit code", [HELLO, failed(1), failed(2), { t: "bye" }], 3, /exit code 0 or 75/],
    ["fatal with another exit code", [HELLO, { t: "fatal", code: "frame_empty", message: "m" }], 0, /76/],
    ["an end without a word", [HELLO], 0, /bye or fatal/],
  ])("finds %s", (_what, received, exitCode, problem) => {
    const ledger = ledgerOf(...received);
    ledger.ended({ exitCode, signal: null }, false);
    expect(ledger.problems.join("\n")).toMatch(problem);
  });

  it("accepts an end without a word where the case gives a reason for it", () => {
    const ledger = ledgerOf(HELLO);
    ledger.ended({ exitCode: 0, signal: null }, true);
    expect(ledger.problems).toEqual([]);
  });
});
