import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { median } from "../median.js";
import { PACKAGE_ROOT } from "../package-root.js";

/** What one child process is asked to do. */
export interface FilesRun {
  readonly folder: string;
  /** Made for the run and removed after it. */
  readonly output: string;
  readonly count: number;
  /** Files read before the one that is worked on, and written behind it; 0: one after another. */
  readonly ahead: number;
  readonly withCodecs: boolean;
}

/** What a child process tells, of all its pages together. */
export interface FilesSample {
  readonly ms: number;
  readonly cpuMs: number;
  readonly usesRing: boolean;
}

/** How files are read and written. */
export interface FilesWay {
  readonly ahead: number;
  readonly ring: boolean;
}

/** What is done with them. */
export interface FilesCase {
  readonly withCodecs: boolean;
  /** Whether the system has forgotten the files before. */
  readonly isCold: boolean;
  readonly count: number;
}

/** Medians over rounds, for one page; NaN where the way cannot be gone here. */
export interface FilesResult {
  readonly way: FilesWay;
  readonly case: FilesCase;
  readonly msPerPage: number;
  readonly cpuMsPerPage: number;
  /** Milliseconds for one page in each round. */
  readonly rounds: readonly number[];
}

const AHEAD = [0, 1, 2, 4, 8];

/** Reading ahead and writing behind by several depths, each with libuv's threads and with its io_uring. */
export const FILES_WAYS: readonly FilesWay[] = [false, true].flatMap((ring) =>
  AHEAD.map((ahead) => ({ ahead, ring })),
);

export interface FilesPlan {
  /** Page files, not written to. */
  readonly folder: string;
  readonly cases: readonly FilesCase[];
  readonly rounds: number;
  onProgress(text: string): void;
}

const CHILD = join(PACKAGE_ROOT, "dist", "src", "bench", "files-child.js");

/** Writes back and drops what the system has cached of the files; Node.js has no call for it. */
const FORGET = `import os, sys
for name in os.listdir(sys.argv[1]):
    fd = os.open(os.path.join(sys.argv[1], name), os.O_RDONLY)
    os.fsync(fd)
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(fd)`;

const start = promisify(execFile);

/** @returns null where this system or Node.js lets libuv use no ring */
async function measure(folder: string, way: FilesWay, one: FilesCase): Promise<FilesSample | null> {
  const { count, isCold, withCodecs } = one;
  if (isCold) await start("python3", ["-c", FORGET, folder]);
  const run: FilesRun = { folder, output: `${folder}.out`, count, ahead: way.ahead, withCodecs };
  const env = { ...process.env, UV_USE_IO_URING: way.ring ? "1" : "0" };
  const { stdout } = await start(process.execPath, [CHILD, JSON.stringify(run)], { env });
  const sample = JSON.parse(stdout) as FilesSample;
  return sample.usesRing === way.ring ? sample : null;
}

/** Lets the ways take turns, round by round, every other round in the opposite order. */
export async function benchFiles(plan: FilesPlan): Promise<readonly FilesResult[]> {
  const rows = FILES_WAYS.flatMap((way) =>
    plan.cases.map((one) => ({ way, one, samples: [] as FilesSample[] })),
  );
  for (let round = 0; round < plan.rounds; round++) {
    plan.onProgress(`round ${round + 1} of ${plan.rounds}`);
    for (const { way, one, samples } of round % 2 === 0 ? rows : rows.toReversed()) {
      const sample = await measure(plan.folder, way, one);
      if (sample !== null) samples.push(sample);
    }
  }
  return rows.map(({ way, one, samples }) => {
    const rounds = samples.map(({ ms }) => ms / one.count);
    const cpuMsPerPage = median(samples.map(({ cpuMs }) => cpuMs / one.count));
    return { way, case: one, msPerPage: median(rounds), cpuMsPerPage, rounds };
  });
}
