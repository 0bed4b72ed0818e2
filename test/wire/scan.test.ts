import { describe, expect, it } from "vitest";
import { MESSAGE_LIMITS } from "../../protocol/limits.js";
import { scanMessage } from "../../src/wire/scan.js";
import { fatalErrorOf } from "./failure.js";

/** A map {a: <value>} around the hexadecimal encoding of a value. */
function withValue(hex: string): Buffer {
  return Buffer.from(`81a161${hex.replaceAll(" ", "")}`, "hex");
}

function refusal(body: Uint8Array): string {
  const error = fatalErrorOf(() => scanMessage(body));
  expect(error.code).toBe("malformed_message");
  return error.message;
}

function str32(length: number, content: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head[0] = 0xdb;
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, content]);
}

describe("scanMessage: legal messages", () => {
  it.each([
    ["an empty map", "80"],
    ["map 16, not minimal", "de0001a16101"],
    ["map 32, not minimal", "df00000001a16101"],
    ["a key as str 8, 16 and 32", "83d9016101da00016201db000000016301"],
    ["nil and booleans", "83a161c0a162c2a163c3"],
    ["fixints of both signs", "82a1617fa162ff"],
    [
      "every width of unsigned integers, not minimal",
      "84a161cc01a162cd0001a163ce00000001a164cf0000000000000001",
    ],
    ["every width of signed integers", "84a161d0ffa162d1ffffa163d2ffffffffa164d3ffffffffffffffff"],
    ["the largest and the least integer", "82a161cf00000000ffffffffa162d3ffffffff80000000"],
    ["strings of each width", "83a161a2c3a9a162d90178a163da000178"],
    ["bins of each width", "83a161c40107a162c5000107a163c60000000107"],
    ["arrays of each width", "83a1619101a162dc000101a163dd0000000101"],
    ["nested containers", "81a1619281a1628081a16390"],
    ["the same key in two maps", "81a16181a16101"],
    ["an empty string as key", "81a001"],
  ])("accepts %s", (_, hex) => {
    expect(() => scanMessage(Buffer.from(hex.replaceAll(" ", ""), "hex"))).not.toThrow();
  });

  it("accepts a body that is a view into a larger buffer", () => {
    const larger = Buffer.from("ffff81a16101ffff", "hex");
    expect(() => scanMessage(larger.subarray(2, 6))).not.toThrow();
    expect(() => scanMessage(new Uint8Array(larger.buffer, larger.byteOffset + 2, 4))).not.toThrow();
  });
});

describe("scanMessage: forms that the protocol forbids", () => {
  it.each([
    ["nil", "c0"],
    ["an integer", "01"],
    ["a string", "a161"],
    ["a bin", "c40161"],
    ["an array", "90"],
    ["a float", "cb0000000000000000"],
    ["an extension", "d40101"],
  ])("refuses %s as the message", (_, hex) => {
    refusal(Buffer.from(hex, "hex"));
  });

  it.each([
    ["float 32", "ca00000000", "a float"],
    ["float 64", "cb0000000000000000", "a float"],
    ["the unused byte", "c1", "0xc1"],
    ["ext 8", "c70101ff", "an extension"],
    ["ext 16", "c8000101ff", "an extension"],
    ["ext 32", "c90000000101ff", "an extension"],
    ["fixext 1", "d401ff", "an extension"],
    ["fixext 2", "d501ffff", "an extension"],
    ["fixext 4, a timestamp", "d6ff00000000", "an extension"],
    ["fixext 8", "d7ff0000000000000000", "an extension"],
    ["fixext 16", `d801${"00".repeat(16)}`, "an extension"],
    ["a record as msgpackr writes it", "d4724092a161a162", "an extension"],
    ["an unsigned integer past 32 bits", "cf0000000100000000", "4294967296"],
    ["the largest 64-bit integer", "cfffffffffffffffff", "18446744073709551615"],
    ["a signed integer past 32 bits", "d30000000100000000", "4294967296"],
    ["a negative integer past 32 bits", "d3ffffffff7fffffff", "-2147483649"],
  ])("refuses %s as a value", (_, hex, received) => {
    expect(refusal(withValue(hex))).toContain(received);
  });

  it.each([
    ["an integer", "810101"],
    ["nil", "81c001"],
    ["a boolean", "81c301"],
    ["a bin", "81c4016101"],
    ["an array", "819001"],
    ["a map", "818001"],
  ])("refuses %s as a key", (_, hex) => {
    expect(refusal(Buffer.from(hex, "hex"))).toContain("expected a string as key at byte 1");
  });

  it("refuses a key that comes twice, at any depth and in any width", () => {
    expect(refusal(Buffer.from("82a16101a16102", "hex"))).toContain('"a" twice');
    expect(refusal(Buffer.from("82a16101d9016102", "hex"))).toContain('"a" twice');
    expect(refusal(withValue("82a16201a16202"))).toContain('"b" twice');
    expect(refusal(Buffer.from("82a001a002", "hex"))).toContain('"" twice');
  });

  it("refuses __proto__ as a key at any depth", () => {
    const key = Buffer.from("__proto__");
    const map = Buffer.concat([Buffer.of(0x81, 0xa0 | key.length), key, Buffer.of(0x80)]);
    expect(refusal(map)).toContain("__proto__");
    expect(refusal(Buffer.concat([Buffer.from("81a161", "hex"), map]))).toContain("__proto__");
  });

  it.each([
    ["a lone continuation byte", "a180"],
    ["a lone leading byte", "a1c3"],
    ["an overlong slash", "a2c0af"],
    ["a surrogate", "a3eda080"],
    ["a code point past U+10FFFF", "a4f4908080"],
    ["a byte that never occurs", "a1ff"],
  ])("refuses %s in a value and in a key", (_, hex) => {
    expect(refusal(withValue(hex))).toContain("UTF-8");
    expect(refusal(Buffer.from(`81${hex}01`, "hex"))).toContain("UTF-8");
  });

  it("refuses bytes after the message", () => {
    expect(refusal(Buffer.from("80c0", "hex"))).toContain("received 1 more bytes");
    expect(refusal(Buffer.from("81a161018080", "hex"))).toContain("received 2 more bytes");
  });

  it("refuses a body that ends early, at every byte", () => {
    const body = Buffer.from("85a161cd0102a162a2c3a9a163c4020102a16492c0c3a165da000178", "hex");
    expect(() => scanMessage(body)).not.toThrow();
    for (let length = 0; length < body.length; length++) refusal(body.subarray(0, length));
  });

  it.each([
    ["a string", "a5616263"],
    ["a string of 32-bit length", "db00000fff61"],
    ["a bin", "c403ffff"],
    ["a bin of 4 GiB", "c6ffffffff00"],
    ["an array", "93c0c0"],
    ["an array of 32-bit length", "dd0000004000"],
    ["a map", "82a16201"],
  ])("refuses %s that claims more than there is", (_, hex) => {
    refusal(withValue(hex));
  });
});

describe("scanMessage: limits", () => {
  const { depth, entries, nonBinBytes, stringBytes } = MESSAGE_LIMITS;

  it("accepts the depth of the limit and refuses one more", () => {
    const nested = (levels: number): Buffer => Buffer.from(`${"81a161".repeat(levels - 1)}80`, "hex");
    expect(() => scanMessage(nested(depth))).not.toThrow();
    expect(refusal(nested(depth + 1))).toContain(`at most ${depth} nested containers`);
    expect(refusal(withValue(`${"91".repeat(depth)}c0`))).toContain("nested containers");
  });

  it("refuses a bomb of a million nested arrays without exhausting the stack", () => {
    refusal(Buffer.concat([Buffer.from("81a161", "hex"), Buffer.alloc(1_000_000, 0x91), Buffer.of(0xc0)]));
  });

  it("accepts the number of entries of the limit and refuses one more", () => {
    const array = (count: number): Buffer => {
      const head = Buffer.from("81a161dc0000", "hex");
      head.writeUInt16BE(count, 4);
      return Buffer.concat([head, Buffer.alloc(count, 0xc0)]);
    };
    expect(() => scanMessage(array(entries))).not.toThrow();
    expect(refusal(array(entries + 1))).toContain(`at most ${entries} entries in the array`);
    const map = (count: number): Buffer => {
      const head = Buffer.from("de0000", "hex");
      head.writeUInt16BE(count, 1);
      const pairs = Array.from({ length: count }, (_, index) =>
        Buffer.of(0xa2, 65 + (index >> 4), 65 + (index & 15), 1),
      );
      return Buffer.concat([head, ...pairs]);
    };
    expect(() => scanMessage(map(entries))).not.toThrow();
    expect(refusal(map(entries + 1))).toContain(`at most ${entries} entries in the map`);
    expect(refusal(withValue("ddffffffff"))).toContain("4294967295");
    expect(refusal(Buffer.from("dfffffffff", "hex"))).toContain("4294967295");
  });

  it("accepts a string of the limit's length and refuses a longer one", () => {
    const message = (length: number): Buffer =>
      Buffer.concat([Buffer.from("81a161", "hex"), str32(length, Buffer.alloc(length, 0x78))]);
    expect(() => scanMessage(message(stringBytes))).not.toThrow();
    expect(refusal(message(stringBytes + 1))).toContain(`at most ${stringBytes} bytes`);
  });

  it("counts everything but the content of bins against the total, and no byte more", () => {
    const padded = (total: number): Buffer => {
      const head = Buffer.from("82a162c602000000", "hex");
      const bin = Buffer.alloc(0x0200_0000);
      const room = total - head.length - 5;
      const full = Math.floor(room / (stringBytes + 5)) - 1;
      const rest = room - full * (stringBytes + 5);
      // Two strings take what is left, so that neither is past the limit of a string.
      const lengths = [
        ...Array.from({ length: full }, () => stringBytes),
        (rest >> 1) - 5,
        rest - (rest >> 1) - 5,
      ];
      const list = Buffer.concat([
        Buffer.from("a161dc0000", "hex"),
        ...lengths.map((length) => str32(length, Buffer.alloc(length, 0x78))),
      ]);
      list.writeUInt16BE(lengths.length, 3);
      return Buffer.concat([head, bin, list]);
    };
    expect(() => scanMessage(padded(nonBinBytes))).not.toThrow();
    expect(refusal(padded(nonBinBytes + 1))).toContain(`at most ${nonBinBytes} bytes`);
  });

  it("stops at the limit of a message made of many small values", () => {
    // 64 arrays of 64 arrays of 64 nils would be legal in shape.
    const leaf = Buffer.concat([Buffer.from("dc0040", "hex"), Buffer.alloc(64, 0xc0)]);
    const branch = Buffer.concat([Buffer.from("dc0040", "hex"), ...Array.from({ length: 64 }, () => leaf)]);
    const tree = Buffer.concat([
      Buffer.from("81a161dc0040", "hex"),
      ...Array.from({ length: 64 }, () => branch),
    ]);
    expect(refusal(tree)).toContain(`at most ${nonBinBytes} bytes`);
  });
});
