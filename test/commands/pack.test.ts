import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Transform } from "node:stream";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RawMessage } from "../../src/wire/codec.js";
import { MessageReader } from "../../src/wire/message-reader.js";
import { screentonePage } from "../support/pages.js";
import { CLI, collect, type Ended, runCli, TEST_WORKER } from "../support/worker.js";

const WIDTHS = [40, 30, 20];
const SMALL_PIPE = 512;

let folder: string;
let files: string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bdreader-pack-"));
  await mkdir(join(folder, "in"));
  files = WIDTHS.map((width) => join(folder, "in", `page ${width} größe.jpg`));
  for (const [index, width] of WIDTHS.entries()) {
    await writeFile(files[index] as string, await screentonePage(width, 24));
  }
});
afterAll(() => rm(folder, { recursive: true }));

function messagesOf(stream: Uint8Array): RawMessage[] {
  const messages: RawMessage[] = [];
  const reader = new MessageReader((message) => messages.push(message));
  reader.push(stream);
  reader.end();
  return messages;
}

interface Line {
  readonly pack: readonly string[];
  readonly worker?: readonly string[];
  readonly output: string;
}

const REAL_WORKER = [CLI, "worker", "--gpu-id", "-1", "--log-level", "warn"];

/** Runs `pack FILES | worker | unpack -o OUTPUT` in a shell. */
async function shellLine({ pack, worker = REAL_WORKER, output }: Line): Promise<Ended & { codes: string }> {
  const quoted = (words: readonly string[]) => words.map((word) => `'${word}'`).join(" ");
  const commands = [[CLI, "pack", ...pack], worker, [CLI, "unpack", "-o", output]];
  const line = commands.map((words) => quoted([process.execPath, ...words])).join(" | ");
  const child = spawn("bash", ["-c", `${line}; echo "\${PIPESTATUS[@]}"`]);
  const ended = await collect(child);
  return { ...ended, codes: ended.stdout.toString().trim() };
}

describe("pack", () => {
  it("writes hello and a request for each file, numbered and labelled", async () => {
    const { code, stdout, stderr } = await runCli(["pack", ...files]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const [hello, ...requests] = messagesOf(stdout);
    expect(hello).toMatchObject({ t: "hello", proto: 1, features: ["back_pressure", "label"] });
    expect(requests).toEqual(
      await Promise.all(
        files.map(async (file, index) => ({
          ...{ t: "upscale", id: index + 1, label: `page ${WIDTHS[index]} größe` },
          data: await readFile(file),
        })),
      ),
    );
  });

  it("puts the options into every request", async () => {
    const options = [
      "-p",
      "2",
      "-f",
      "png",
      "-q",
      "50",
      "--effort",
      "3",
      "--lossless",
      "--strips",
      "--scale",
      "3",
      "--fit",
      "x70",
    ];
    const [, request] = messagesOf((await runCli(["pack", ...options, ...files])).stdout);
    expect(request).toMatchObject({
      ...{
        priority: 2,
        format: "png",
        quality: 50,
        effort: 3,
        lossless: true,
        strips: true,
        scale: 3,
        fit: { height: 70 },
      },
    });
  });

  it("tells of files that it cannot send, and sends the others", async () => {
    const empty = join(folder, "empty.jpg");
    await writeFile(empty, "");
    const given = [files[0] as string, join(folder, "missing.jpg"), empty, folder, files[1] as string];
    const { code, stdout, stderr } = await runCli(["pack", ...given]);
    expect(code).toBe(1);
    expect(messagesOf(stdout).map(({ id }) => id)).toEqual([undefined, 1, 5]);
    const lines = stderr.trim().split("\n");
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/^error: invalid_request: cannot read .*ENOENT/);
    expect(lines[1]).toMatch(/^error: decode_failed: expected an image file, received an empty one/);
    expect(lines[2]).toMatch(/EISDIR/);
  });

  it.each([
    ["no file", []],
    ["two files of one name", ["a/1.jpg", "b/1.png"]],
    ["a priority out of range", ["--priority", "3", "a.jpg"]],
  ])("exits with 64 for %s", async (_, args) => {
    const { code, stdout, stderr } = await runCli(["pack", ...args]);
    expect({ code, bytes: stdout.length }).toEqual({ code: 64, bytes: 0 });
    expect(stderr).toMatch(/^error: /);
  });

  it("says that it could not send everything when its reader goes", async () => {
    const big = join(folder, "big.jpg");
    await writeFile(big, Buffer.alloc(5_000_000));
    const broken = spawn(process.execPath, [CLI, "pack", big, ...files]);
    broken.stdout.once("data", () => broken.stdout.destroy());
    const { code, stderr } = await collect(broken);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: "error: the reader of the requests is gone sent=0 of=4\n",
    });
  });
});

describe("pack | worker | unpack", () => {
  it("turns files into files of the same names", async () => {
    const output = join(folder, "new", "out");
    const { codes, stderr } = await shellLine({ pack: files, output });
    expect({ codes, stderr }).toEqual({ codes: "0 0 0", stderr: "" });
    const names = WIDTHS.map((width) => `page ${width} größe.webp`);
    expect((await readdir(output)).sort()).toEqual([...names].sort());
    const widths = names.map(async (name) => (await sharp(join(output, name)).metadata()).width);
    expect(await Promise.all(widths)).toEqual(WIDTHS.map((width) => 2 * width));
  });

  it("tells of pages that fail, by name, and writes the others", async () => {
    const bad = join(folder, "bad.jpg");
    await writeFile(bad, "no image");
    const output = join(folder, "some");
    const pack = [...files.slice(0, 1), bad, "--strips", "--format", "png"];
    const { codes, stderr } = await shellLine({ pack, output });
    expect(codes).toBe("0 0 1");
    expect(stderr).toMatch(/^error: unsupported_format: .* page="bad"\n$/);
    const written = await readdir(output);
    expect(written.length).toBeGreaterThan(0);
    for (const name of written) expect(name).toMatch(/^page 40 größe-strip-\d{3}\.png$/);
  });

  it.each([
    ["no-device", "69 69", /gpu_init_failed/],
    ["crash-on=2", "137 76", /bad_envelope|frame_truncated/],
    ["garbage-on=2", "0 76", /frame_too_large|malformed_message/],
    ["device-lost-on=2", "75 75", /gpu_lost/],
  ])("ends as the worker does: %s", async (fault, codes, text) => {
    const output = join(folder, fault);
    const ended = await shellLine({ pack: files, worker: [TEST_WORKER, "--fault", fault], output });
    // pack may or may not have said everything by then.
    expect(ended.codes).toMatch(new RegExp(`^[01] ${codes}$`));
    expect(ended.stderr).toMatch(text);
    for (const name of await readdir(output)) expect(name).toMatch(/\.webp$/);
  });

  it("is not stopped by a worker, an unpack and pipes that are slow, whichever waits for whom", async () => {
    const pages = join(folder, "many");
    await mkdir(pages);
    const data = await screentonePage(16, 12);
    const many = Array.from({ length: 300 }, (_, index) => join(pages, `${index}.jpg`));
    for (const file of many) await writeFile(file, data);
    const output = join(folder, "many-out");
    const [pack, worker, unpack] = [
      spawn(process.execPath, [CLI, "pack", ...many]),
      spawn(process.execPath, [TEST_WORKER, "--limit", "maxInFlight=8", "--limit", "maxUnsentBytes=2000"]),
      spawn(process.execPath, [CLI, "unpack", "-o", output]),
    ] as const;
    const ended = Promise.all([pack, worker, unpack].map(collectErrors));
    pack.stdout.pipe(new PassThrough({ highWaterMark: SMALL_PIPE })).pipe(worker.stdin);
    worker.stdout.pipe(slowly()).pipe(unpack.stdin);
    const results = await ended;
    expect(results).toEqual(Array(3).fill({ code: 0, stderr: "" }));
    expect((await readdir(output)).sort()).toEqual(many.map((_, index) => `${index}.webp`).sort());
  });

  it.each(["SIGINT", "SIGTERM"] as const)(
    "leaves whole files only when unpack ends by %s",
    async (signal) => {
      const output = join(folder, signal);
      const worker = spawn(process.execPath, [TEST_WORKER, "--fault", "stall-on=3"]);
      const unpack = spawn(process.execPath, [CLI, "unpack", "-o", output, "--log-level", "info"]);
      const ended = collect(unpack);
      worker.stdout.pipe(unpack.stdin);
      unpack.stdin.on("error", () => undefined);
      worker.stdin.end((await runCli(["pack", ...files])).stdout);
      let said = "";
      await new Promise<void>((resolve) => {
        unpack.stderr.on("data", (text: string) => {
          said += text;
          if (said.split("page done").length > 2) resolve();
        });
      });
      unpack.kill(signal);
      expect(await ended).toMatchObject({ code: null, signal });
      expect((await readdir(output)).sort()).toEqual(["page 30 größe.webp", "page 40 größe.webp"]);
      worker.kill("SIGKILL");
    },
  );
});

describe("unpack", () => {
  it("needs a folder, and says why it cannot make one", async () => {
    expect((await runCli(["unpack"])).code).toBe(64);
    const inFile = await runCli(["unpack", "-o", join(files[0] as string, "x")]);
    expect(inFile.code).toBe(1);
    expect(inFile.stderr).toMatch(/^error: invalid_request: cannot make the folder/);
  });

  it("refuses what is no worker's output with 76", async () => {
    const ended = await runCli(
      ["unpack", "-o", join(folder, "none")],
      Buffer.from("bash: worker: not found\n"),
    );
    expect(ended.code).toBe(76);
    expect(ended.stderr).toMatch(/^error: frame_too_large: .*"bash: worker/);
  });
});

async function collectErrors(child: ChildProcessWithoutNullStreams): Promise<Pick<Ended, "code" | "stderr">> {
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { code, stderr };
}

/** A pipe that hands on what it has only when everything else has had a turn. */
function slowly(): Transform {
  return new Transform({
    ...{ readableHighWaterMark: SMALL_PIPE, writableHighWaterMark: SMALL_PIPE },
    transform: (chunk, _encoding, done) => void setImmediate(done, null, chunk),
  });
}
