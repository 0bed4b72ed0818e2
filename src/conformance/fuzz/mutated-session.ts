import { decodeMessage, type RawMessage } from "../../wire/codec.js";
import { MessageReader } from "../../wire/message-reader.js";
import { frameOf, packMessage } from "../engine/message-bytes.js";
import { legalMessages } from "./corpus.js";
import { mutateBytes, mutateFields } from "./mutate.js";
import type { Random } from "./random.js";
import { SessionModel } from "./session-model.js";

/** Ids of unmutated messages start past those that mutation writes. */
const FIRST_ID = 1_000_000;
const MOST_ATTEMPTS = 1000;

/** What to send to one worker process, and how it has to end. */
export interface MutatedSession {
  /** Frames that the worker has to survive. */
  readonly frames: readonly Uint8Array[];
  /** Sent last, before the end of the input. */
  readonly tail: Uint8Array;
  readonly end: "fatal" | "bye";
}

/**
 * Mutates legal frames into a session. Bodies that the protocol forbids would end it at once, so all but the last are
 * chosen among the mutants that a worker has to survive; the tail is mutated at will, its length included.
 */
export function mutateSession(random: Random, frameCount: number): MutatedSession {
  const model = new SessionModel();
  const frames: Uint8Array[] = [];
  let nextId = FIRST_ID;
  for (let attempts = 0; frames.length < frameCount; attempts++) {
    if (attempts > frameCount * MOST_ATTEMPTS)
      throw new Error("expected mutants that are legal, received none");
    const body = mutant(random, nextId++);
    const message = decodeOrNull(body);
    if (message === null || model.judge(message) !== "survives") continue;
    model.commit(message);
    frames.push(frameOf(body));
  }
  for (;;) {
    const tail = mutateBytes(frameOf(mutant(random, nextId++)), random);
    const end = predictEnd(tail, model);
    if (end !== null) return { frames, tail, end };
  }
}

function mutant(random: Random, id: number): Uint8Array {
  const message = random.pick(legalMessages(id));
  return random.oneIn(3)
    ? mutateBytes(packMessage(message), random)
    : packMessage(mutateFields(message, random));
}

function decodeOrNull(body: Uint8Array): RawMessage | null {
  try {
    return decodeMessage(body);
  } catch {
    return null;
  }
}

/** @returns how a session ends that ends with these bytes; null when the protocol leaves it open */
function predictEnd(tail: Uint8Array, model: SessionModel): MutatedSession["end"] | null {
  const verdicts: string[] = [];
  const ids: unknown[] = [];
  const reader = new MessageReader((message) => {
    verdicts.push(model.judge(message));
    ids.push(message.id);
  });
  let isLegalStream = true;
  try {
    reader.push(tail);
    reader.end();
  } catch {
    isLegalStream = false;
  }
  const firstFatal = verdicts.indexOf("fatal");
  const firstUnclear = verdicts.indexOf("unclear");
  if (firstUnclear >= 0 && (firstFatal < 0 || firstUnclear < firstFatal)) return null;
  // Two messages in one tail are rare, and may meet in their ids.
  if (verdicts.length > 1 && new Set(ids).size < ids.length) return null;
  return firstFatal >= 0 || !isLegalStream ? "fatal" : "bye";
}
