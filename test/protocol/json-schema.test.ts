import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { protocolSchema } from "../../protocol/json-schema.js";
import { CLIENT_MESSAGES, WORKER_MESSAGES } from "../../protocol/messages.js";

const FILE = new URL("../../protocol/schema/v1.json", import.meta.url);
const schema = protocolSchema() as { readonly $defs: Record<string, object> };

/** A validator that knows nothing of the schemas that the JSON Schema was generated from. */
function validator(name: string): (message: object) => boolean {
  const definition = z.fromJSONSchema({ ...schema.$defs[name] });
  return (message) => definition.safeParse(message).success;
}

describe("the JSON Schema of the protocol", () => {
  it("is current in protocol/schema/v1.json", () => {
    const stored = JSON.stringify(JSON.parse(readFileSync(FILE, "utf8")));
    const remedy = "run 'node scripts/setup.mjs && node scripts/generate-schema.mjs'";
    expect(stored === JSON.stringify(schema), `protocol/schema/v1.json is out of date: ${remedy}`).toBe(true);
  });

  it("has every message of both directions", () => {
    const types = (name: string, messages: object) => Object.keys(messages).map((type) => `${name}_${type}`);
    const names = [...types("client", CLIENT_MESSAGES), ...types("worker", WORKER_MESSAGES)];
    expect(Object.keys(schema.$defs).sort()).toEqual([...names, "client_message", "worker_message"].sort());
  });

  it("describes a bin as a binary string", () => {
    for (const name of ["client_upscale", "worker_strip"]) {
      expect(schema.$defs[name]).toMatchObject({
        properties: { data: { type: "string", contentEncoding: "binary", minLength: 1 } },
        required: expect.arrayContaining(["data"]),
      });
    }
  });

  it("accepts messages with fields that it does not know, and refuses wrong ones", () => {
    const accepts = validator("client_upscale");
    const message = { t: "upscale", id: 1, data: "image" };
    expect(accepts(message)).toBe(true);
    expect(accepts({ ...message, tile: 32, fit: { width: 9, depth: 1 }, future: [1] })).toBe(true);
    const wrong = [{ id: 0 }, { id: 1.5 }, { id: 2 ** 32 - 1 }, { data: 5 }, { tile: 31 }, { priority: 3 }];
    for (const fields of wrong)
      expect(accepts({ ...message, ...fields }), JSON.stringify(fields)).toBe(false);
    expect(accepts({ t: "upscale", data: "image" })).toBe(false);
  });

  it("leaves codes open, which later versions may add to", () => {
    const error = { t: "error", id: 1, code: "not_invented_yet", message: "", retryable: true };
    expect(validator("worker_error")(error)).toBe(true);
    expect(validator("worker_error")({ ...error, retryable: 1 })).toBe(false);
  });
});
