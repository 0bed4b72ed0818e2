import { createHash } from "node:crypto";
import { z } from "zod";
import { type Arithmetic, type ArithmeticRequest, arithmeticName } from "./arithmetic.js";
import type { CacheFolder } from "./cache-folder.js";

/** Raised with every change that an older program would misread. */
const FORMAT = 1;

/** What a measurement holds for: another driver, model or version may be fast or exact elsewhere. */
export interface ProfileKey {
  /** NativeDevice.uuid */
  readonly deviceUuid: string;
  readonly driverVersion: string;
  readonly modelSha256: string;
  readonly programVersion: string;
}

const arithmeticSchema = z
  .strictObject({
    fp16Storage: z.boolean(),
    fp16Arithmetic: z.boolean(),
    winograd: z.boolean(),
    directConvolution: z.boolean(),
    cooperativeMatrix: z.boolean(),
    fusedConvolution: z.enum(["off", "cooperative", "plain"]),
  })
  .refine(
    ({ fp16Storage, fp16Arithmetic }) => fp16Storage || !fp16Arithmetic,
    "expected fp16 arithmetic to come with fp16 storage",
  );

/** JSON has no infinity, which is what two equal images have as their PSNR. */
const decibelSchema = z.codec(
  z.union([z.number(), z.literal("identical")]),
  z.union([z.number(), z.literal(Number.POSITIVE_INFINITY)]),
  {
    decode: (stored) => (stored === "identical" ? Number.POSITIVE_INFINITY : stored),
    encode: (value) => (value === Number.POSITIVE_INFINITY ? ("identical" as const) : value),
  },
);

const outcomeSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("measured"), ms: z.number().positive(), psnrDb: decibelSchema }),
  z.strictObject({ kind: z.literal("failed"), reason: z.string().max(4096) }),
  z.strictObject({ kind: z.literal("skipped") }),
]);

const choiceSchema = z.strictObject({
  request: z.strictObject({ precision: z.enum(["auto", "fp32", "fp16"]), winograd: z.boolean() }),
  /** Measurements that were begun and not ended: by then the process, or the device, had gone. */
  unfinished: z.int().min(0).max(1000),
  /** null until a measurement has ended. */
  settled: z
    .strictObject({
      arithmetic: arithmeticSchema,
      rows: z.array(z.strictObject({ arithmetic: arithmeticSchema, outcome: outcomeSchema })).max(16),
    })
    .nullable(),
});

const profileSchema = z.strictObject({
  format: z.literal(FORMAT),
  key: z.strictObject({
    deviceUuid: z.string(),
    driverVersion: z.string(),
    modelSha256: z.string(),
    programVersion: z.string(),
  }),
  choices: z.array(choiceSchema).max(8),
});

/** What was found for one request. */
export type ProfileChoice = z.output<typeof choiceSchema>;

/** What is known about a model on a device. */
export type DeviceProfile = z.output<typeof profileSchema>;

/** @returns 64 hexadecimal digits: how the files of a profile start */
export function profileDigest({
  deviceUuid,
  driverVersion,
  modelSha256,
  programVersion,
}: ProfileKey): string {
  const parts = [deviceUuid, driverVersion, modelSha256, programVersion];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}

/** @returns the name of the file with the compiled pipelines; each arithmetic has shaders of its own */
export function pipelineCacheName(key: ProfileKey, arithmetic: Arithmetic): string {
  return `${profileDigest(key)}-${arithmeticName(arithmetic)}.pipelines`;
}

/** @returns what is kept for this key; an empty profile where that is missing, damaged, newer or about something else */
export async function readProfile(folder: CacheFolder, key: ProfileKey): Promise<DeviceProfile> {
  const { deviceUuid, driverVersion, modelSha256, programVersion } = key;
  const empty = {
    format: FORMAT,
    key: { deviceUuid, driverVersion, modelSha256, programVersion },
    choices: [],
  } as const;
  const parsed = profileSchema.safeParse(await folder.readJson(profileName(key)));
  const isAboutKey = parsed.success && profileDigest(parsed.data.key) === profileDigest(key);
  return isAboutKey ? parsed.data : { ...empty, choices: [] };
}

/**
 * @throws {Error} of the file system
 */
export async function writeProfile(folder: CacheFolder, profile: DeviceProfile): Promise<void> {
  await folder.replaceJson(profileName(profile.key), z.encode(profileSchema, profile));
}

/** @returns what is known for a request, null for nothing */
export function findChoice(profile: DeviceProfile, request: ArithmeticRequest): ProfileChoice | null {
  return profile.choices.find((choice) => isSameRequest(choice.request, request)) ?? null;
}

/** @returns the profile with this choice in the place of the one for the same request */
export function withChoice(profile: DeviceProfile, choice: ProfileChoice): DeviceProfile {
  const others = profile.choices.filter(({ request }) => !isSameRequest(request, choice.request));
  return { ...profile, choices: [...others, choice] };
}

function profileName(key: ProfileKey): string {
  return `${profileDigest(key)}.json`;
}

function isSameRequest(a: ArithmeticRequest, b: ArithmeticRequest): boolean {
  return a.precision === b.precision && a.winograd === b.winograd;
}
