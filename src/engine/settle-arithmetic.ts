import { messageOf } from "../errors.js";
import type { Log } from "../log.js";
import {
  type Arithmetic,
  type ArithmeticAbilities,
  type ArithmeticRequest,
  arithmeticName,
  candidateArithmetics,
  cautiousArithmetic,
  isFused,
} from "./arithmetic.js";
import type { CacheFolder } from "./cache-folder.js";
import {
  type DeviceProfile,
  findChoice,
  type ProfileKey,
  pipelineCacheName,
  readProfile,
  withChoice,
  writeProfile,
} from "./device-profile.js";
import {
  type ArithmeticRow,
  chooseArithmetic,
  type MeasuringParts,
  measureArithmetics,
  type Probe,
} from "./precision-choice.js";
import { paintProbePage } from "./probe-page.js";

/** All of a first start's measurements together; what was begun is ended. */
const BUDGET_MS = 3000;

/** Measurements that may end without a result, each perhaps with the process, before none is tried again. */
const MOST_UNFINISHED = 2;

const MOST_REASON_CHARACTERS = 300;

const UNENDED = { kind: "failed", reason: "its measurement did not end" } as const;

export interface SettlingParts {
  readonly request: ArithmeticRequest;
  readonly device: ArithmeticAbilities;
  readonly key: ProfileKey;
  /** null: nothing can be kept, every start measures. */
  readonly folder: CacheFolder | null;
  /**
   * @param pipelineCachePath "" for none
   */
  readonly load: (arithmetic: Arithmetic, pipelineCachePath: string) => Promise<Probe>;
  readonly log: Log;
  /** Monotonic time in milliseconds. */
  readonly now: () => number;
}

/** The arithmetic to load the engine with. */
export interface SettledArithmetic {
  readonly arithmetic: Arithmetic;
  /** "only": there was no choice; "kept": measured by an earlier run; "cautious": measuring gave nothing. */
  readonly origin: "only" | "kept" | "measured" | "cautious";
  /** Empty for "only". */
  readonly rows: readonly ArithmeticRow[];
  /** Where the engine keeps its compiled pipelines; "" = nowhere. */
  readonly pipelineCachePath: string;
}

/**
 * Decides how a model is computed on a device: what was asked for, else what an earlier run found, else the fastest that
 * is exact enough, by measuring. A measurement that takes the device or the process with it is repeated once only.
 * Never fails: what cannot be measured or kept is told to the log.
 */
export async function settleArithmetic(parts: SettlingParts): Promise<SettledArithmetic> {
  const { request, device, key, folder, log } = parts;
  const pathOf = (arithmetic: Arithmetic) => folder?.pathOf(pipelineCacheName(key, arithmetic)) ?? "";
  const settle = (
    arithmetic: Arithmetic,
    origin: SettledArithmetic["origin"],
    rows: readonly ArithmeticRow[] = [],
  ) => ({ arithmetic, origin, rows, pipelineCachePath: device.type === "cpu" ? "" : pathOf(arithmetic) });

  const candidates = candidateArithmetics(request, device);
  const [only, ...others] = candidates;
  if (only !== undefined && others.length === 0) return settle(only, "only");
  const cautious = cautiousArithmetic(request, device);
  const profile = folder && (await readProfile(folder, key));
  const known = profile && findChoice(profile, request);
  // A file can be edited: only what this run could have chosen by itself is taken from it.
  const names = [...candidates, cautious].map(arithmeticName);
  const found =
    known?.settled && names.includes(arithmeticName(known.settled.arithmetic)) ? known.settled : null;
  const unfinished = known?.unfinished ?? 0;
  const mayMeasure = unfinished < MOST_UNFINISHED;
  // What was found before a measurement that did not end is good, but another measurement may find better.
  if (found && (unfinished === 0 || !mayMeasure)) return settle(found.arithmetic, "kept", found.rows);
  if (!mayMeasure) {
    log.warn("earlier measurements of the arithmetic did not end: not measured again", {
      arithmetic: arithmeticName(cautious),
    });
    return settle(cautious, "cautious");
  }
  const keep = (choice: Pick<DeviceProfile["choices"][number], "unfinished" | "settled">) =>
    keepChoice(parts, profile, { request: { ...request }, ...choice });
  // Written before, so that a measurement that kills the process is known to have been tried.
  await keep({ unfinished: unfinished + 1, settled: found });
  const conclude = async (rows: readonly ArithmeticRow[], unfinishedNow: number) => {
    const chosen = chooseArithmetic(candidates, rows);
    const arithmetic = chosen ?? cautious;
    const isMeasured = rows.some(({ outcome }) => outcome.kind === "measured");
    if (isMeasured) await keep({ unfinished: unfinishedNow, settled: { arithmetic, rows: [...rows] } });
    await forgetPipelines(folder, key, arithmetic, rows);
    return { chosen, arithmetic };
  };
  const rows = await measure(candidates, parts, pathOf, async (before) => {
    // Holds if the process ends while they are measured, for good when that happens too often.
    const unended = candidates.filter(isFused).map((arithmetic) => ({ arithmetic, outcome: UNENDED }));
    await conclude([...before, ...unended], unfinished + 1);
  });
  const { chosen, arithmetic } = await conclude(rows, 0);
  logChoice(log, arithmetic, rows);
  return settle(arithmetic, chosen === null ? "cautious" : "measured", rows);
}

async function measure(
  candidates: readonly Arithmetic[],
  { load, now }: SettlingParts,
  pathOf: (arithmetic: Arithmetic) => string,
  beforeFused: NonNullable<MeasuringParts["beforeFused"]>,
): Promise<readonly ArithmeticRow[]> {
  const rows = await measureArithmetics(candidates, {
    load: (arithmetic) => load(arithmetic, pathOf(arithmetic)),
    page: paintProbePage(),
    budgetMs: BUDGET_MS,
    now,
    beforeFused: (before) => beforeFused(withShortReasons(before)),
  });
  return withShortReasons(rows);
}

function withShortReasons(rows: readonly ArithmeticRow[]): readonly ArithmeticRow[] {
  return rows.map(({ arithmetic, outcome }) => ({
    arithmetic,
    outcome:
      outcome.kind === "failed"
        ? { ...outcome, reason: outcome.reason.slice(0, MOST_REASON_CHARACTERS) }
        : outcome,
  }));
}

async function keepChoice(
  { folder, log }: SettlingParts,
  profile: DeviceProfile | null,
  choice: DeviceProfile["choices"][number],
): Promise<void> {
  if (folder === null || profile === null) return;
  try {
    await writeProfile(folder, withChoice(profile, choice));
  } catch (thrown) {
    log.warn("the device's profile cannot be kept: the next start measures again", {
      folder: folder.path,
      reason: messageOf(thrown),
    });
  }
}

/** The compiled pipelines of what was not chosen are of no use to anybody. */
async function forgetPipelines(
  folder: CacheFolder | null,
  key: ProfileKey,
  chosen: Arithmetic,
  rows: readonly ArithmeticRow[],
): Promise<void> {
  const losers = rows.map(({ arithmetic }) => pipelineCacheName(key, arithmetic));
  const unused = losers.filter((name) => name !== pipelineCacheName(key, chosen));
  await folder?.remove(unused.flatMap((name) => [name, `${name}.shaders`]));
}

function logChoice(log: Log, chosen: Arithmetic, rows: readonly ArithmeticRow[]): void {
  for (const { arithmetic, outcome } of rows) {
    const result =
      outcome.kind === "measured"
        ? `${outcome.ms.toFixed(1)} ms, ${outcome.psnrDb.toFixed(1)} dB`
        : outcome.kind === "failed"
          ? outcome.reason
          : "skipped";
    log.debug("arithmetic measured", { arithmetic: arithmeticName(arithmetic), result });
  }
  log.info("arithmetic chosen", { arithmetic: arithmeticName(chosen) });
}
