// A worker that says bye and stays.
import { relay } from "./relay.mjs";

relay(
  () => 1,
  () => setInterval(() => undefined, 1000),
);
