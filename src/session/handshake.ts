import { u32 } from "../../protocol/fields.js";
import { PROTOCOL_VERSION } from "../../protocol/limits.js";
import { CLIENT_MESSAGES, type ClientHello } from "../../protocol/messages.js";
import { FatalError } from "../errors.js";
import type { RawMessage } from "../wire/codec.js";
import { checkFields, describeValue } from "../wire/validate.js";

/**
 * Reads the client's first message. The version is judged before the other fields, which another version may have
 * given another meaning.
 *
 * @throws {FatalError} handshake_required, unsupported_version, bad_envelope
 */
export function readClientHello(raw: RawMessage): ClientHello {
  if (raw.t !== "hello") {
    const received = `a message of type ${describeValue(raw.t)}`;
    throw new FatalError(
      "handshake_required",
      `expected hello as the client's first message, received ${received}`,
    );
  }
  if (u32.safeParse(raw.proto).success && raw.proto !== PROTOCOL_VERSION) {
    throw new FatalError(
      "unsupported_version",
      `expected ${PROTOCOL_VERSION} for proto, received ${describeValue(raw.proto)}`,
    );
  }
  const checked = checkFields(CLIENT_MESSAGES.hello, raw);
  if (!checked.ok) throw new FatalError("bad_envelope", `${checked.problem}, in hello`);
  return checked.value;
}
