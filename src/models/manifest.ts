import { z } from "zod";
import { MODEL_FAMILIES } from "./family.js";
import { ModelError } from "./model-error.js";

export const MAX_MANIFEST_BYTES = 1024 * 1024;

/** Letters, digits, dots, dashes: a model name is an option's value, a file name and part of messages. */
const nameSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, "expected a name of letters, digits, . _ -");

const relativePathSchema = z
  .string()
  .min(1)
  .max(255)
  .refine(
    (path) => !/^[/\\]|\\|:/.test(path) && !path.split("/").some((part) => part === ".." || part === ""),
    "expected a path below the models folder, with forward slashes and without ..",
  );

const fileSchema = z.object({
  /** Below the manifest's folder. */
  path: relativePathSchema,
  sha256: z.string().regex(/^[0-9a-f]{64}$/, "expected 64 hexadecimal digits in lower case"),
  bytes: z.int().positive(),
});

const paddingSchema = z.discriminatedUnion("mode", [
  z.object({ mode: z.literal("kept"), pixels: z.literal(0) }),
  z.object({ mode: z.literal("consumed"), pixels: z.int().positive() }),
]);

const modelSchema = z.object({
  name: nameSchema,
  title: z.string().min(1),
  family: z.enum(MODEL_FAMILIES),
  /** Output pixels per input pixel. */
  scale: z.int().min(1).max(8),
  /** Level of noise removal, -1 for none; absent from models without levels. */
  noise: z.int().min(-1).max(3).optional(),
  blobs: z.object({ input: z.string().min(1), output: z.string().min(1) }),
  padding: paddingSchema,
  /** Input pixels; must be what the graph says. */
  receptive_radius: z.int().nonnegative(),
  /** One .param and one .bin. */
  files: z
    .array(fileSchema)
    .length(2)
    .refine(
      (files) =>
        [".param", ".bin"].every((ending) => files.filter(({ path }) => path.endsWith(ending)).length === 1),
      "expected one .param and one .bin file",
    ),
  /** How the weights are stored. */
  precision: z.enum(["fp32", "fp16", "int8"]),
  /** SPDX expression. */
  licence: z.string().min(1),
  /** Who made the weights, how, and where they come from. */
  provenance: z.string().min(1),
  training_data: z.string().min(1),
});

export const manifestSchema = z
  .object({
    /** Of this format; a program refuses one that it does not know. */
    version: z.literal(1),
    /** The model that is used when none is asked for. */
    default: nameSchema,
    /** The one that takes its place on a discrete GPU. */
    default_gpu: nameSchema.optional(),
    models: z.array(modelSchema).min(1).max(256),
  })
  .refine(({ models }) => new Set(models.map(({ name }) => name)).size === models.length, {
    error: "expected every model name once",
    path: ["models"],
  })
  .refine(({ default: name, models }) => models.some((model) => model.name === name), {
    error: "expected the name of one of the models",
    path: ["default"],
  })
  .refine(({ default_gpu: name, models }) => !name || models.some((model) => model.name === name), {
    error: "expected the name of one of the models",
    path: ["default_gpu"],
  });

export type Manifest = z.infer<typeof manifestSchema>;
export type ManifestModel = Manifest["models"][number];
export type ManifestFile = ManifestModel["files"][number];

/**
 * @param text the whole of manifest.json
 * @throws {ModelError} not JSON, or not this format; the message names each field that is wrong
 */
export function parseManifest(text: string): Manifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ModelError("expected the model manifest to be JSON", { cause });
  }
  const parsed = manifestSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(
    ({ path, message }) => `${path.join(".") || "manifest"}: ${message}`,
  );
  throw new ModelError(`the model manifest is invalid: ${problems.slice(0, 8).join("; ")}`, {
    cause: parsed.error,
  });
}
