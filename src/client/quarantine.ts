import { createHash } from "node:crypto";

/** Crashes with the same input after which it is not sent again. */
export const CRASHES_TO_QUARANTINE = 2;

/** Inputs remembered; the oldest is forgotten first. */
const MAX_REMEMBERED = 1024;

/** Counts at how many crashes of a worker each input was being processed; inputs are told apart by their SHA-256. */
export class Quarantine {
  /** Crashes by SHA-256, the one blamed last at the end. */
  readonly #crashes = new Map<string, number>();

  /** Notes that a worker has crashed while it had these inputs. */
  blame(inputs: readonly Uint8Array[]): void {
    // The same page asked for twice has still been part of one crash only.
    for (const hash of new Set(inputs.map(sha256))) {
      const crashes = (this.#crashes.get(hash) ?? 0) + 1;
      this.#crashes.delete(hash);
      this.#crashes.set(hash, crashes);
      const [oldest] = this.#crashes.keys();
      if (this.#crashes.size > MAX_REMEMBERED && oldest !== undefined) this.#crashes.delete(oldest);
    }
  }

  /** Takes back what is known against an input: a worker has survived it. */
  acquit(data: Uint8Array): void {
    if (this.#crashes.size > 0) this.#crashes.delete(sha256(data));
  }

  /** @returns the SHA-256 of an input that has crashed workers often enough, null for any other */
  find(data: Uint8Array): string | null {
    // Hashing every page of a client that never saw a crash would cost for nothing.
    if (this.#crashes.size === 0) return null;
    const hash = sha256(data);
    return (this.#crashes.get(hash) ?? 0) >= CRASHES_TO_QUARANTINE ? hash : null;
  }

  reset(): void {
    this.#crashes.clear();
  }
}

function sha256(data: Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}
