import { z } from "zod";
import { byteParts } from "./byte-parts.js";

/** The format of case files; protocol/conformance/README.md explains it to those who write them. */

const milliseconds = z.int().min(0).max(600_000);
const withinMs = milliseconds.optional();
const message = z.record(z.string(), z.unknown());
const count = z.union([z.int().min(1).max(1_000_000), z.strictObject({ $limit: z.unknown() })]);

/** How bytes leave: repeated, only the first of them, in pieces of these sizes again and again. */
const sending = {
  times: count.optional(),
  first_bytes: z.int().min(1).optional(),
  pieces: z.array(z.int().min(1)).min(1).optional(),
};

/** Steps of a conversation in frames, whichever side the kit plays. */
const conversationSteps = [
  z.strictObject({ do: z.literal("send"), message, ...sending }),
  z.strictObject({ do: z.literal("frame"), body: byteParts, ...sending }),
  z.strictObject({ do: z.literal("write"), bytes: byteParts, ...sending }),
  z.strictObject({ do: z.literal("wait"), ms: milliseconds }),
  z.strictObject({ do: z.literal("expect"), message, times: count.optional(), within_ms: withinMs }),
  z.strictObject({ do: z.literal("expect_none"), message, for_ms: milliseconds }),
  z.strictObject({
    do: z.literal("expect_in_order"),
    messages: z.array(message).min(2),
    within_ms: withinMs,
  }),
] as const;

/** Says hello as the side that the kit plays; a worker says ready, too. */
const greetStep = z.strictObject({ do: z.literal("greet"), pieces: sending.pieces });

const signal = z.enum(["SIGTERM", "SIGHUP", "SIGINT", "SIGKILL"]);
const bounds = z.tuple([z.int().min(0), z.int().min(0)]);

const workerStep = z.discriminatedUnion("do", [
  ...conversationSteps,
  greetStep,
  z.strictObject({
    do: z.literal("expect_answers"),
    from: z.int().min(1),
    to: z.union([z.int().min(1), z.strictObject({ $limit: z.unknown() })]),
    /** Least and greatest number of answers, by `result` or the code of the error; no others may come. */
    outcomes: z.record(z.string(), bounds),
    within_ms: withinMs,
  }),
  z.strictObject({ do: z.literal("close_input") }),
  z.strictObject({ do: z.literal("close_output") }),
  z.strictObject({ do: z.literal("pause_reading") }),
  z.strictObject({ do: z.literal("resume_reading") }),
  z.strictObject({ do: z.literal("signal"), signal }),
  z.strictObject({ do: z.literal("end_companion") }),
  z.strictObject({
    do: z.literal("expect_exit"),
    code: z.union([z.int(), z.array(z.int()).min(1)]),
    /** Whether the worker may end without `bye` or `fatal`. */
    abrupt: z.boolean().optional(),
    within_ms: withinMs,
  }),
  z.strictObject({ do: z.literal("expect_memory"), growth_mb: z.int().min(1) }),
]);

/** Where a step counts only for clients with, or without, a capability. */
const condition = { with: z.string().optional(), without: z.string().optional() };

const scriptedWorkerStep = z.discriminatedUnion("do", [
  ...conversationSteps,
  greetStep,
  z.strictObject({
    do: z.literal("answer"),
    /** Which requests: by default the next that come. */
    id: z.unknown().optional(),
    times: count.optional(),
    /** Fields besides those of an ordinary result, or instead of them. */
    fields: message.optional(),
    pieces: sending.pieces,
  }),
  z.strictObject({ do: z.literal("log"), bytes: z.int().min(1) }),
  z.strictObject({ do: z.literal("close_output") }),
  z.strictObject({ do: z.literal("ignore_pings") }),
  z.strictObject({ do: z.literal("exit"), code: z.int().min(0).max(255) }),
  z.strictObject({ do: z.literal("crash") }),
]);

const testeeStep = z.discriminatedUnion("do", [
  z.strictObject({ do: z.literal("command"), command: message, times: count.optional(), ...condition }),
  z.strictObject({
    do: z.literal("expect"),
    event: message,
    times: count.optional(),
    within_ms: withinMs,
    ...condition,
  }),
  z.strictObject({ do: z.literal("expect_none"), event: message, for_ms: milliseconds, ...condition }),
  z.strictObject({ do: z.literal("wait"), ms: milliseconds, ...condition }),
  /** Waits until a worker has received such a message from the client. */
  z.strictObject({ do: z.literal("await_worker"), message, ...condition }),
  z.strictObject({ do: z.literal("close_input"), ...condition }),
  z.strictObject({ do: z.literal("kill"), ...condition }),
]);

const common = {
  id: z
    .string()
    .regex(/^[a-z0-9-]+\/[a-z0-9-]+(?::[\w.+-]+)?$/, { error: "expected an id such as framing/zero-length" }),
  level: z.enum(["required", "recommended"]),
  /** Words of PROTOCOL.md that the case checks. */
  rule: z.string().min(1),
};

export const workerCase = z.strictObject({ ...common, steps: z.array(workerStep).min(1) });

export const clientCase = z.strictObject({
  ...common,
  /** Left out for clients that do not announce all of these. */
  needs: z.array(z.string()).optional(),
  /** One script for each worker that the client starts; those past the last are well-behaved. */
  workers: z.array(z.array(scriptedWorkerStep)).min(1),
  testee: z.array(testeeStep),
});

export type WorkerCase = z.infer<typeof workerCase>;
export type ClientCase = z.infer<typeof clientCase>;
export type WorkerStep = z.infer<typeof workerStep>;
export type ScriptedWorkerStep = z.infer<typeof scriptedWorkerStep>;
export type TesteeStep = z.infer<typeof testeeStep>;
export type ConversationStep = z.infer<(typeof conversationSteps)[number]>;
export type Level = WorkerCase["level"];
export type SendStep = Extract<ConversationStep, { do: "send" | "frame" | "write" }>;
