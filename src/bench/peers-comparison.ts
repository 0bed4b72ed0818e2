import { messageOf } from "../errors.js";
import type { OutputFormat } from "../stages/page.js";
import type { PeerModel } from "./peers-models.js";
import type { OurAbout } from "./peers-ours.js";
import { mediansOf, psnrBetween, type Standing } from "./peers-rounds.js";
import type { PeerAbout, PeerThreads } from "./peers-sr-vulkan.js";

/** One of our rows against what the peer does best in the same format. */
export interface Comparison {
  readonly ours: Standing;
  /** Ours divided by the peer's most pages a second; null where one of them is missing. */
  readonly throughput: number | null;
  /** The peer's shortest time of a lone page divided by ours. */
  readonly alone: number | null;
  /** Ours divided by the peer's. */
  readonly bytes: number | null;
  /** PSNR between the two outputs of the first page, dB; why there is none. */
  readonly psnrDb: number | string;
}

export interface ModelComparison {
  readonly model: PeerModel;
  /** Why our side could not start, if so. */
  readonly ours: OurAbout | { readonly failure: string };
  /** null: it never started. */
  readonly peer: PeerAbout | null;
  readonly peerThreads: PeerThreads;
  /** SHA-256 of the peer's weights, or why it has none. */
  readonly peerWeights: string | { readonly failure: string };
  readonly standings: readonly Standing[];
  readonly comparisons: readonly Comparison[];
}

function ratio(numerator: number, denominator: number): number | null {
  const value = numerator / denominator;
  return Number.isFinite(value) ? value : null;
}

/** @returns the standing with the largest score; undefined when none has one */
function best(standings: readonly Standing[], score: (standing: Standing) => number): Standing | undefined {
  const scored = standings.filter((standing) => Number.isFinite(score(standing)));
  return scored.toSorted((a, b) => score(b) - score(a))[0];
}

async function psnrOf(ours: Standing, peers: readonly Standing[]): Promise<number | string> {
  const other = peers.find(({ sample }) => sample !== null)?.sample ?? null;
  if (ours.sample === null || other === null) return "no output";
  return psnrBetween(ours.sample, other).catch((thrown: unknown) => messageOf(thrown));
}

async function compare(ours: Standing, peers: readonly Standing[]): Promise<Comparison> {
  const mine = mediansOf(ours);
  const fastest = best(peers, (peer) => mediansOf(peer).pagesPerSecond);
  const quickest = best(peers, (peer) => -mediansOf(peer).aloneMs);
  const { pagesPerSecond = Number.NaN } = fastest === undefined ? {} : mediansOf(fastest);
  const { aloneMs = Number.NaN } = quickest === undefined ? {} : mediansOf(quickest);
  return {
    ours,
    throughput: ratio(mine.pagesPerSecond, pagesPerSecond),
    alone: ratio(aloneMs, mine.aloneMs),
    bytes: ratio(ours.bytesPerPage ?? Number.NaN, fastest?.bytesPerPage ?? Number.NaN),
    psnrDb: await psnrOf(ours, peers),
  };
}

/** @returns each of our standings beside the peer's of its format */
export function compareStandings(standings: readonly Standing[]): Promise<readonly Comparison[]> {
  const of = (program: "ours" | "peer", format?: OutputFormat) =>
    standings.filter(
      ({ contender }) => contender.program === program && contender.format === (format ?? contender.format),
    );
  return Promise.all(of("ours").map((ours) => compare(ours, of("peer", ours.contender.format))));
}
