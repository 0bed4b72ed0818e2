// A worker that sends each result twice.
import { relay } from "./relay.mjs";

relay((message) => (message.t === "result" ? 2 : 1));
