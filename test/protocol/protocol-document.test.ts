import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { EXIT, FATAL_ERROR_CODES, REQUEST_ERROR_CODES } from "../../protocol/error-codes.js";
import { CLIENT_MESSAGES, type ClientMessage, WORKER_MESSAGES } from "../../protocol/messages.js";
import { decodeMessage, encodeMessage } from "../../src/wire/codec.js";

const DOCUMENT = readFileSync(new URL("../../protocol/PROTOCOL.md", import.meta.url), "utf8");

function section(heading: string, from: string = DOCUMENT): string {
  const level = /^#+/.exec(heading)?.[0].length ?? 0;
  const start = from.indexOf(`\n${heading}\n`);
  if (start < 0) throw new Error(`no section ${heading}`);
  const rest = from.slice(start + heading.length + 2);
  const end = rest.search(new RegExp(`^#{1,${level}} `, "m"));
  return end < 0 ? rest : rest.slice(0, end);
}

/** The code spans of the first column of a section's tables. */
function firstColumn(text: string): string[] {
  return [...text.matchAll(/^\|\s+(.*?)\s+\|/gm)].flatMap(([, cell]) =>
    [...(cell ?? "").matchAll(/`([^`]+)`/g)].map(([, name]) => name ?? ""),
  );
}

const DIRECTIONS = [
  ["## From the client to the worker", CLIENT_MESSAGES],
  ["## From the worker to the client", WORKER_MESSAGES],
] as const;

/** The document writes a bin as {"bin": "<hexadecimal>"}. */
function revive(_key: string, value: unknown): unknown {
  const isBin =
    typeof value === "object" && value !== null && "bin" in value && typeof value.bin === "string";
  return isBin ? Buffer.from(value.bin as string, "hex") : value;
}

describe("PROTOCOL.md", () => {
  const examples = [...DOCUMENT.matchAll(/```json\n(.*?)```\s+```hex\n(.*?)```/gs)];

  it("has examples", () => {
    expect(examples.length).toBe(3);
  });

  it.each(examples.map(([, json, hex]) => [json, hex]))("shows the bytes of %s", (json, hex) => {
    const message = JSON.parse(json ?? "", revive) as ClientMessage;
    const bytes = Buffer.from((hex ?? "").replaceAll(/\s/g, ""), "hex");
    expect(Buffer.concat(encodeMessage(message)).toString("hex")).toBe(bytes.toString("hex"));
    expect(bytes.readUInt32BE()).toBe(bytes.length - 4);
    expect(decodeMessage(bytes.subarray(4))).toEqual(message);
  });

  it.each(DIRECTIONS)("%s: describes every message with every field, and no other", (heading, messages) => {
    const text = section(heading);
    const described = [...text.matchAll(/^### `(.*)`$/gm)].map(([, type]) => type);
    expect(described.sort()).toEqual(Object.keys(messages).sort());
    for (const [type, schema] of Object.entries(messages)) {
      const fields = Object.keys(schema.shape).filter((field) => field !== "t");
      expect(firstColumn(section(`### \`${type}\``, text)).sort(), type).toEqual(fields.sort());
    }
  });

  it.each(DIRECTIONS)("%s: names every field of the maps inside messages", (heading, messages) => {
    for (const [type, schema] of Object.entries(messages)) {
      const text = section(`### \`${type}\``, section(heading));
      for (const field of innerFields(schema)) expect(text, `${type}: ${field}`).toContain(`\`${field}\``);
    }
  });

  it("lists every error code with what it says about trying again", () => {
    const rows = [...section("### Codes of `error`").matchAll(/^\|\s+`(\w+)`\s+\|\s+(yes|no)\s+\|/gm)];
    const listed = Object.fromEntries(
      rows.map(([, code, retryable]) => [code, { retryable: retryable === "yes" }]),
    );
    expect(listed).toEqual(REQUEST_ERROR_CODES);
  });

  it("lists every fatal code with its exit code, and every exit code of the worker", () => {
    const rows = [...section("### Codes of `fatal`").matchAll(/^\|\s+`(\w+)`\s+\|\s+(\d+)\s+\|/gm)];
    const listed = Object.fromEntries(
      rows.map(([, code, exitCode]) => [code, { exitCode: Number(exitCode) }]),
    );
    expect(listed).toEqual(FATAL_ERROR_CODES);
    const exits = [...section("### Exit codes").matchAll(/^\|\s+(\d+)\s+\|/gm)].map(([, code]) =>
      Number(code),
    );
    // EXIT.failure belongs to commands that work on files.
    expect(exits).toEqual(Object.values(EXIT).filter((code) => code !== EXIT.failure));
  });
});

/** Names of the fields of maps within a message, at any depth, records aside. */
function innerFields(schema: z.ZodType): string[] {
  if (schema instanceof z.ZodOptional) return innerFields(schema.unwrap() as z.ZodType);
  if (schema instanceof z.ZodArray) return innerFields(schema.element as z.ZodType);
  if (schema instanceof z.ZodRecord) return innerFields(schema.valueType as z.ZodType);
  if (!(schema instanceof z.ZodObject)) return [];
  return Object.entries(schema.shape)
    .filter(([field]) => field !== "t")
    .flatMap(([field, inner]) => [field, ...innerFields(inner as z.ZodType)]);
}
