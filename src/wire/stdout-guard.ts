import { createWriteStream, fstatSync } from "node:fs";
import { Socket } from "node:net";
import type { Writable } from "node:stream";
import { isatty, WriteStream } from "node:tty";
import { loadNativeAddon } from "../native-addon.js";

interface StdoutGuardAddon {
  /** Points fd 1 at fd 2 and returns a close-on-exec copy of what fd 1 was. */
  takeStdout(): number;
}

/** The real standard output, which nothing but its holder can write to any more. */
export interface GuardedStdout {
  readonly stream: Writable;
  /** A person is watching: binary output would garble the terminal. */
  readonly isTerminal: boolean;
  /** Writes go to a file, one after another: the process must not end before the last one is done. */
  readonly isFile: boolean;
}

/**
 * Takes standard output away from everybody else: what libraries and console.log print from now on goes to standard
 * error. To be called once, before any other native code is loaded.
 *
 * @throws {FatalError} internal_fatal when the addon is not built
 */
export function takeStdout(): GuardedStdout {
  const addon = loadNativeAddon("stdout_guard") as StdoutGuardAddon;
  return openStream(addon.takeStdout());
}

function openStream(fd: number): GuardedStdout {
  const stat = fstatSync(fd);
  if (stat.isFIFO() || stat.isSocket()) {
    return { stream: new Socket({ fd, readable: false, writable: true }), isTerminal: false, isFile: false };
  }
  if (stat.isCharacterDevice() && isatty(fd))
    return { stream: new WriteStream(fd), isTerminal: true, isFile: false };
  return { stream: createWriteStream("", { fd }), isTerminal: false, isFile: true };
}
