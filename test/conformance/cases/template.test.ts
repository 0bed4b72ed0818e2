import { describe, expect, it } from "vitest";
import { readByteParts } from "../../../src/conformance/cases/byte-parts.js";
import { fillIn, newScope } from "../../../src/conformance/cases/template.js";

describe("fillIn", () => {
  it("replaces placeholders at any depth and leaves the rest alone", () => {
    const scope = newScope();
    scope.index = 3;
    scope.limits = { max_in_flight: 256 };
    scope.captures.set("a", 77);
    scope.pids.set("runner", 5);
    const template = {
      id: { $index: 10 },
      list: [{ $ref: "a" }, { inner: { $pid: "runner" } }],
      over: { $limit: { name: "max_in_flight", divided_by: 100, plus: 1 } },
      key: { $numbered: "k" },
      data: { $bytes: "00 ff" },
      line: { $base64: [{ text: "abc" }] },
      plain: [1, null, "x"],
    };
    expect(fillIn(template, scope)).toEqual({
      id: 13,
      list: [77, { inner: 5 }],
      over: 3,
      key: "k3",
      data: Buffer.from([0, 255]),
      line: "YWJj",
      plain: [1, null, "x"],
    });
  });

  it.each([
    [{ $ref: "nobody" }, /nobody/],
    [{ $limit: "max_moons" }, /max_moons/],
    [{ $pid: "nobody" }, /nobody/],
    [{ $wish: 1 }, /\$wish/],
  ])("refuses %j, which stands for nothing", (template, message) => {
    expect(() => fillIn(template, newScope())).toThrow(message);
  });
});

describe("readByteParts", () => {
  it("joins hexadecimal, repetitions, text and images", () => {
    const bytes = readByteParts([
      "01 02",
      { hex: "0a0b", times: 2 },
      { text: "é" },
      { image: "page.png", first: 4 },
    ]);
    expect(bytes.toString("hex")).toBe("01020a0b0a0bc3a989504e47");
    expect(readByteParts([{ image: "page.png", first: 4, pad_to: 6 }]).toString("hex")).toBe("89504e470000");
  });
});
