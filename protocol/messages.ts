/** Schemas and types of every message, both directions; `PROTOCOL.md` is their specification. */
export * from "./client-messages.js";
export * from "./worker-messages.js";
