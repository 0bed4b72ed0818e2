import { z } from "zod";
import { bytes } from "./fields.js";
import { PROTOCOL_VERSION } from "./limits.js";
import { CLIENT_MESSAGES, WORKER_MESSAGES } from "./messages.js";

/** JSON has no bytes: a MessagePack bin is described as a string whose characters are its bytes. */
const BIN = { type: "string", contentEncoding: "binary", minLength: 1, description: "a MessagePack bin" };

type JsonSchema = Readonly<Record<string, unknown>>;

function describeMessage(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...described } = z.toJSONSchema(schema, {
    // As the receiver takes it: fields that it does not know are allowed.
    io: "input",
    unrepresentable: "any",
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema === bytes) Object.assign(jsonSchema, BIN);
    },
  });
  return described;
}

function describeDirection(name: string, messages: Readonly<Record<string, z.ZodType>>): JsonSchema {
  const definitions = Object.entries(messages).map(([type, schema]) => [
    `${name}_${type}`,
    describeMessage(schema),
  ]);
  const eachOfThem = { oneOf: definitions.map(([key]) => ({ $ref: `#/$defs/${key}` })) };
  return { [`${name}_message`]: eachOfThem, ...Object.fromEntries(definitions) };
}

/**
 * Generates the JSON Schema (draft 2020-12) of every message from the schemas that the program itself checks with.
 *
 * @returns `$defs` has `client_message`, `worker_message` and each message by direction and type, `client_upscale` for one
 */
export function protocolSchema(): JsonSchema {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: `Messages of the upscaling worker, protocol version ${PROTOCOL_VERSION}`,
    description:
      'Messages are MessagePack, not JSON: a bin is shown as a string with contentEncoding "binary". What no schema can say, such as the limits of a message in bytes, is in PROTOCOL.md.',
    oneOf: [{ $ref: "#/$defs/client_message" }, { $ref: "#/$defs/worker_message" }],
    $defs: {
      ...describeDirection("client", CLIENT_MESSAGES),
      ...describeDirection("worker", WORKER_MESSAGES),
    },
  };
}
