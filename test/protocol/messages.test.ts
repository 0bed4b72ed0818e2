import { describe, expect, it } from "vitest";
import { CLIENT_MESSAGES, OUTPUT_FORMATS, WORKER_MESSAGES } from "../../protocol/messages.js";
import { OUTPUT_FORMATS as STAGE_FORMATS } from "../../src/stages/page.js";

const DATA = new Uint8Array(1);

function accepts(fields: Record<string, unknown>): boolean {
  return CLIENT_MESSAGES.upscale.safeParse({ t: "upscale", id: 1, data: DATA, ...fields }).success;
}

describe("upscale: the ends of each range", () => {
  it.each([
    ["id", 1, 2 ** 32 - 2],
    ["scale", 1, 4],
    ["noise", -1, 3],
    ["tile", 0, 16_384],
    ["quality", 1, 100],
    ["effort", 0, 6],
    ["priority", 0, 2],
    ["timeout_ms", 1, 2 ** 31 - 1],
  ])("%s goes from %d to %d", (field, least, most) => {
    expect([accepts({ [field]: least }), accepts({ [field]: most })]).toEqual([true, true]);
    expect([accepts({ [field]: least - 1 }), accepts({ [field]: most + 1 })]).toEqual([false, false]);
    expect(accepts({ [field]: least + 0.5 })).toBe(false);
  });

  it("fit takes either side, both or none", () => {
    for (const fit of [{}, { width: 1 }, { height: 65_535 }, { width: 5, height: 5, depth: 5 }]) {
      expect(accepts({ fit })).toBe(true);
    }
    expect(accepts({ fit: { width: 65_536 } })).toBe(false);
  });
});

describe("schemas", () => {
  it("offer the formats that the stages write", () => {
    expect(OUTPUT_FORMATS).toEqual(STAGE_FORMATS);
  });

  it("carry the type under which they are listed", () => {
    for (const messages of [CLIENT_MESSAGES, WORKER_MESSAGES]) {
      for (const [type, schema] of Object.entries(messages)) expect(schema.shape.t.value).toBe(type);
    }
  });

  it("take bytes as any Uint8Array, and nothing else", () => {
    for (const data of [new Uint8Array(1), Buffer.of(1)]) expect(accepts({ data })).toBe(true);
    for (const data of [new Uint8Array(0), [1], "1", new ArrayBuffer(1), null])
      expect(accepts({ data })).toBe(false);
  });
});
