import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { availableParallelism, homedir, tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import type { Writable } from "node:stream";
import { EXIT, type ExitCode } from "../../protocol/error-codes.js";
import { compareStandings, type ModelComparison } from "../bench/peers-comparison.js";
import { preparePeer } from "../bench/peers-environment.js";
import { PEER_MODELS, type PeerModel } from "../bench/peers-models.js";
import { OurWorker } from "../bench/peers-ours.js";
import {
  formatModelComparison,
  formatSetting,
  type PeersSetting,
  peersReport,
} from "../bench/peers-report.js";
import { runRounds } from "../bench/peers-rounds.js";
import { SrVulkan } from "../bench/peers-sr-vulkan.js";
import { cacheRoot } from "../engine/cache-folder.js";
import { CPU_INDEX } from "../engine/select-device.js";
import { messageOf } from "../errors.js";
import { PROGRAM_NAME, PROGRAM_VERSION } from "../version.js";
import { type BenchPeersChoice, peerThreads } from "./bench-peers-options.js";
import { readPages, SAMPLE_PAGE } from "./read-pages.js";

/** What is the same for every model. */
interface Bench {
  readonly choice: BenchPeersChoice;
  /** Absolute. */
  readonly paths: readonly string[];
  readonly pages: readonly Uint8Array[];
  /** Where sr-vulkan is installed. */
  readonly site: string;
  /** For pages that are looked at afterwards. */
  readonly folder: string;
  onProgress(text: string): void;
}

async function orFailure<Value>(promise: Promise<Value>): Promise<Value | { readonly failure: string }> {
  return promise.catch((thrown: unknown) => ({ failure: messageOf(thrown) }));
}

/** The device that ours runs on, as far as that is known. */
function deviceOf(ours: ModelComparison["ours"], { gpuId }: BenchPeersChoice) {
  if (gpuId === CPU_INDEX || ("device" in ours && ours.device.backend === "cpu")) return null;
  if ("device" in ours) return { index: ours.device.index, name: ours.device.name };
  return { index: gpuId === "auto" ? 0 : gpuId, name: null };
}

async function compareModel(model: PeerModel, bench: Bench): Promise<ModelComparison> {
  const { choice, paths, pages, site, folder, onProgress } = bench;
  const limitMs = choice.timeout * 1000;
  const published = join(choice.models, `${model.file}.param`);
  const worker = new OurWorker({ gpuId: choice.gpuId, model: published, pages, limitMs });
  const ours = await orFailure(worker.about());
  const gpu = deviceOf(ours, choice);
  const threads = peerThreads(choice.peerThreads, gpu === null);
  const { python } = choice;
  const peer = new SrVulkan({
    python,
    site,
    gpu,
    threads,
    pages: paths,
    model: model.peerName,
    folder,
    limitMs,
  });
  try {
    const peerWeights = await orFailure(peer.weights());
    const contenders = [
      ...choice.effort.map((effort) => worker.contender("webp", effort)),
      ...choice.tile.map((tile) => peer.contender("webp", tile)),
      ...[worker.contender("jpeg"), ...choice.tile.map((tile) => peer.contender("jpeg", tile))],
      ...[worker.contender("png"), peer.contender("png", Math.max(...choice.tile))],
    ];
    const { count, rounds, lone } = choice;
    const tell = (text: string) => onProgress(`${model.title}: ${text}`);
    const plan = { pages: pages.length, count, rounds, lone, onProgress: tell };
    const standings = await runRounds(contenders, plan);
    const comparisons = await compareStandings(standings);
    return { model, ours, peer: peer.about, peerThreads: threads, peerWeights, standings, comparisons };
  } finally {
    await Promise.all([worker.close(), peer.close()]);
  }
}

function settingOf(choice: BenchPeersChoice, paths: readonly string[]): PeersSetting {
  const { count, rounds, lone } = choice;
  return {
    program: `${PROGRAM_NAME} ${PROGRAM_VERSION}`,
    node: process.version,
    date: new Date().toISOString(),
    cores: availableParallelism(),
    pages: paths.map((path) => basename(path)),
    ...{ count, rounds, lone },
  };
}

/**
 * Compares this program's worker with sr-vulkan, model by model: tables as Markdown on `output`, each model's as soon as
 * it is measured; on `progress` what is going on.
 *
 * @returns 1 when a row failed
 * @throws {UpscalerError} a page that cannot be read, or sr-vulkan cannot be installed
 */
export async function runBenchPeers(
  choice: BenchPeersChoice & { readonly pages: readonly string[] },
  output: Writable,
  progress: Writable,
): Promise<ExitCode> {
  const paths = (choice.pages.length > 0 ? choice.pages : [SAMPLE_PAGE]).map((path) => resolve(path));
  const pages = await readPages(paths);
  const onProgress = (text: string) => void progress.write(`${text}\n`);
  const root = join(cacheRoot(process.env, homedir()), "peers");
  const { python, wheels } = choice;
  const site = await preparePeer({ python, wheels, root, onProgress });
  const folder = await mkdtemp(join(tmpdir(), "bdreader-peers-"));
  try {
    const setting = settingOf(choice, paths);
    output.write(formatSetting(setting));
    const comparisons: ModelComparison[] = [];
    for (const model of PEER_MODELS.filter(({ name }) => choice.model.includes(name))) {
      const comparison = await compareModel(model, { choice, paths, pages, site, folder, onProgress });
      output.write(formatModelComparison(comparison));
      comparisons.push(comparison);
    }
    if (choice.json !== null) {
      await writeFile(choice.json, `${JSON.stringify(peersReport(setting, comparisons), null, 2)}\n`);
    }
    const rows = comparisons.flatMap(({ standings }) => standings);
    return rows.every(({ failure }) => failure === null) ? EXIT.ok : EXIT.failure;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
