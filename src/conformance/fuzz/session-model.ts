import { requestId } from "../../../protocol/fields.js";
import { CLIENT_MESSAGES } from "../../../protocol/messages.js";
import type { RawMessage } from "../../wire/codec.js";

/** What the protocol says about a message after the greeting; `unclear` where it depends on the worker's pace. */
export type Verdict = "survives" | "fatal" | "unclear";

/** Types whose id must be legal. */
const WITH_ID: ReadonlySet<string> = new Set(["upscale", "update", "cancel"]);

/** Says, from the protocol alone, which messages a worker has to survive. */
export class SessionModel {
  readonly #usedIds = new Set<number>();

  judge(raw: RawMessage): Verdict {
    const { t: type } = raw;
    if (typeof type !== "string" || type === "hello") return "fatal";
    const id = requestId.safeParse(raw.id);
    const isUsed = id.success && this.#usedIds.has(id.data);
    if (!Object.hasOwn(CLIENT_MESSAGES, type)) return isUsed ? "unclear" : "survives";
    if (WITH_ID.has(type)) {
      if (!id.success) return "fatal";
      // Whether the former request is still live, only the worker knows.
      return type === "upscale" && isUsed ? "unclear" : "survives";
    }
    const isLegal = CLIENT_MESSAGES[type as keyof typeof CLIENT_MESSAGES].safeParse(raw).success;
    if (!isLegal) return "fatal";
    // A shutdown is legal, but nothing after it would be tried.
    return type === "shutdown" ? "unclear" : "survives";
  }

  /** To be told of each message that is sent. */
  commit(raw: RawMessage): void {
    const id = requestId.safeParse(raw.id);
    if (id.success) this.#usedIds.add(id.data);
  }
}
