// A worker that forgets the request when it cannot read its image.
import { relay } from "./relay.mjs";

relay((message) => (message.code === "unsupported_format" ? 0 : 1));
