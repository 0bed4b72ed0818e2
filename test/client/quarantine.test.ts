import { describe, expect, it } from "vitest";
import { Quarantine } from "../../src/client/quarantine.js";

const bytes = (text: string) => Buffer.from(text);

describe("Quarantine", () => {
  it("knows an input by its bytes after two crashes, with the SHA-256 to tell", () => {
    const quarantine = new Quarantine();
    quarantine.blame([bytes("abc")]);
    expect(quarantine.find(bytes("abc"))).toBeNull();
    quarantine.blame([bytes("abc"), bytes("other")]);
    expect(quarantine.find(bytes("abc"))).toBe(
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
    expect(quarantine.find(bytes("other"))).toBeNull();
  });

  it("forgets what a worker has survived, and everything on reset", () => {
    const quarantine = new Quarantine();
    quarantine.blame([bytes("a"), bytes("b")]);
    quarantine.acquit(bytes("a"));
    quarantine.blame([bytes("a"), bytes("b")]);
    expect([quarantine.find(bytes("a")), quarantine.find(bytes("b")) === null]).toEqual([null, false]);
    quarantine.reset();
    expect(quarantine.find(bytes("b"))).toBeNull();
  });

  it("remembers a bounded number of inputs, those blamed last", () => {
    const quarantine = new Quarantine();
    for (let round = 0; round < 2; round++) quarantine.blame([bytes("first")]);
    quarantine.blame(Array.from({ length: 1024 }, (_, i) => bytes(`page ${i}`)));
    expect(quarantine.find(bytes("first"))).toBeNull();
    quarantine.blame([bytes("page 1023")]);
    expect(quarantine.find(bytes("page 1023"))).not.toBeNull();
  });
});
