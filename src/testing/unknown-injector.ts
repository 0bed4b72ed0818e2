import { Writable } from "node:stream";
import type { WorkerMessage } from "../../protocol/messages.js";
import { encodeMessage } from "../wire/codec.js";
import { MessageReader } from "../wire/message-reader.js";

const FUTURE_FIELD = { future_field: { list: [1, "two", null], flag: true } };

/**
 * Passes frames on with what a later version of the protocol might add: a field in every message, and a message of an
 * unknown type before it, which also carries an id when the message has one.
 *
 * @returns a stream that has taken a chunk when `output` has
 */
export function injectUnknown(output: Writable): Writable {
  let pieces: Uint8Array[] = [];
  const reader = new MessageReader((message) => {
    const { id } = message;
    const notice = { t: "future_notice", ...(id === undefined ? {} : { id }), ...FUTURE_FIELD };
    for (const sent of [notice, { ...message, ...FUTURE_FIELD }]) {
      pieces.push(...encodeMessage(sent as unknown as WorkerMessage));
    }
  });
  const injector = new Writable({
    write(chunk: Uint8Array, _encoding, callback) {
      reader.push(chunk);
      const bytes = Buffer.concat(pieces);
      pieces = [];
      output.write(bytes, callback);
    },
  });
  output.on("error", (error) => injector.destroy(error));
  output.on("close", () => injector.destroy());
  return injector;
}
