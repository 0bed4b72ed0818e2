import { once } from "node:events";
import type { Writable } from "node:stream";
import { EXIT, type ExitCode, FATAL_ERROR_CODES, REQUEST_ERROR_CODES } from "../../protocol/error-codes.js";
import { protocolSchema } from "../../protocol/json-schema.js";
import {
  DEFAULT_WORKER_LIMITS,
  MAX_FRAME_BYTES,
  MAX_REQUEST_ID,
  MESSAGE_LIMITS,
  PROTOCOL_VERSION,
} from "../../protocol/limits.js";
import { ModelCatalogue } from "../models/catalogue.js";
import { announcedLimits, FEATURES } from "../session/reports.js";
import { PROGRAM_NAME, PROGRAM_VERSION } from "../version.js";
import { forUser } from "./models.js";
import { MODELS_FOLDER } from "./open-engine.js";

/** @returns what a client can know of the worker without starting it; names are those of the wire */
function describeWorker(catalogue: ModelCatalogue) {
  const { maxUnsentBytes, maxUnsentFrames, stallMs, drainMs, graceMs, flushStallMs } = DEFAULT_WORKER_LIMITS;
  return {
    name: PROGRAM_NAME,
    version: PROGRAM_VERSION,
    proto: [PROTOCOL_VERSION],
    features: FEATURES,
    limits: {
      ...announcedLimits(DEFAULT_WORKER_LIMITS),
      max_unsent_bytes: maxUnsentBytes,
      max_unsent_frames: maxUnsentFrames,
      client_stalled_ms: stallMs,
      device_lost_drain_ms: drainMs,
      shutdown_now_grace_ms: graceMs,
      last_message_stall_ms: flushStallMs,
    },
    message_limits: {
      max_frame_bytes: MAX_FRAME_BYTES,
      max_bytes_besides_bins: MESSAGE_LIMITS.nonBinBytes,
      max_depth: MESSAGE_LIMITS.depth,
      max_entries: MESSAGE_LIMITS.entries,
      max_string_bytes: MESSAGE_LIMITS.stringBytes,
      max_request_id: MAX_REQUEST_ID,
    },
    default_model: catalogue.defaultName,
    default_model_gpu: catalogue.gpuDefaultName,
    models: catalogue.list().map(({ name, scales }) => ({ name, scales })),
    errors: REQUEST_ERROR_CODES,
    fatals: mapValues(FATAL_ERROR_CODES, ({ exitCode }) => ({ exit_code: exitCode })),
    exit_codes: EXIT_CODES,
    messages: protocolSchema(),
  };
}

/** Exit codes of the worker by name. `EXIT.failure` belongs to commands that work on files. */
const EXIT_CODES = {
  ok: EXIT.ok,
  usage: EXIT.usage,
  no_device: EXIT.noDevice,
  internal: EXIT.internal,
  replace_me: EXIT.replaceMe,
  protocol: EXIT.protocol,
};

function mapValues<Key extends string, From, To>(
  values: Readonly<Record<Key, From>>,
  convert: (value: From) => To,
): Record<Key, To> {
  const entries = Object.entries<From>(values).map(([key, value]) => [key, convert(value)]);
  return Object.fromEntries(entries) as Record<Key, To>;
}

/**
 * Prints the description of the worker and its protocol as one JSON object.
 *
 * @throws {UpscalerError} model_invalid: the manifest of the models that come with the program is damaged
 */
export async function runDescribe(output: Writable): Promise<ExitCode> {
  const catalogue = await forUser(() => ModelCatalogue.open(MODELS_FOLDER));
  output.end(`${JSON.stringify(describeWorker(catalogue), null, 2)}\n`);
  await once(output, "finish");
  return EXIT.ok;
}
