/** Bounds of protocol version 1. PROTOCOL.md gives their meaning; sizes are bytes unless a name says otherwise. */

export const PROTOCOL_VERSION = 1;

export const U32_MAX = 0xffff_ffff;
export const I32_MIN = -0x8000_0000;

/** The largest request id; 0 and 2^32-1 stay free for a receiver's own use. */
export const MAX_REQUEST_ID = U32_MAX - 1;

/** Longest `label` of a request, in UTF-16 code units. */
export const MAX_LABEL_LENGTH = 255;

/** Longest time span a field may carry: Node.js timers cannot wait longer. */
export const MAX_DURATION_MS = 0x7fff_ffff;

const MIB = 1024 * 1024;

/** Largest frame body; keeps the first byte of every legal frame at or below 0x08, which no text starts with. */
export const MAX_FRAME_BYTES = 128 * MIB;

/** What one message may hold besides the content of its `bin` values. */
export interface MessageLimits {
  /** The whole message without the content of its `bin` values. */
  readonly nonBinBytes: number;
  /** Containers inside one another, the message's own map included. */
  readonly depth: number;
  /** Entries of one map or array. */
  readonly entries: number;
  readonly stringBytes: number;
}

export const MESSAGE_LIMITS: MessageLimits = {
  nonBinBytes: 65_536,
  depth: 8,
  entries: 64,
  stringBytes: 4096,
};

/** Bounds of one worker process, announced in its `hello` where a client can use them. */
export interface WorkerLimits {
  /** Largest frame body that is accepted; at most `MAX_FRAME_BYTES`. */
  readonly maxFrame: number;
  /** Requests that are queued or running. */
  readonly maxInFlight: number;
  /** Image bytes of the requests that are queued or running. */
  readonly maxInFlightBytes: number;
  readonly maxInputPixels: number;
  /** Longest side of an output image, in pixels. */
  readonly maxOutputSide: number;
  /** No request starts while more output than this waits for the client. */
  readonly maxUnsentBytes: number;
  /** Frames waiting for the client; a client that lets more pile up is stalled. */
  readonly maxUnsentFrames: number;
  /** How long a client may take no byte while more than `maxUnsentBytes` wait for it. */
  readonly stallMs: number;
  /** How long unfinished requests may go on once the device was lost. */
  readonly drainMs: number;
  /** How long running requests may go on after `shutdown` "now" without `grace_ms`, or a termination signal. */
  readonly graceMs: number;
  /** How long a client may take no byte of the last frames before the worker ends without it. */
  readonly flushStallMs: number;
  /** Time between two looks at whether the parent process is alive. */
  readonly parentPollMs: number;
}

export const DEFAULT_WORKER_LIMITS: WorkerLimits = {
  maxFrame: MAX_FRAME_BYTES,
  maxInFlight: 256,
  maxInFlightBytes: 512 * MIB,
  maxInputPixels: 64 * 1024 * 1024,
  maxOutputSide: 16_383,
  maxUnsentBytes: 64 * MIB,
  maxUnsentFrames: 65_536,
  stallMs: 60_000,
  drainMs: 5_000,
  graceMs: 2_000,
  flushStallMs: 10_000,
  parentPollMs: 1_000,
};

/** Least time between two `progress` frames of one request. */
export const PROGRESS_INTERVAL_MS = 100;
