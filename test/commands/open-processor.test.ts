import { Command } from "commander";
import { describe, expect, it } from "vitest";
import type { WorkerChoice } from "../../src/commands/device-choice.js";
import { addEngineOptions } from "../../src/commands/engine-options.js";
import { openProcessor } from "../../src/commands/open-processor.js";
import { SILENT_LOG } from "../../src/log.js";
import { pageOptionsOf } from "../../src/session/request-options.js";
import { screentonePage } from "../support/pages.js";

const page = await screentonePage(48, 32);

function choose(gpuId: WorkerChoice["gpuId"]) {
  const defaults = addEngineOptions(new Command()).parse([], { from: "user" }).opts<WorkerChoice>();
  return { ...defaults, gpuId, log: "text", logLevel: "error" } as const;
}

async function upscale(gpuId: WorkerChoice["gpuId"]) {
  const opened = await openProcessor(choose(gpuId), SILENT_LOG);
  try {
    const options = {
      ...pageOptionsOf({ t: "upscale", id: 1, data: page }),
      format: "png",
      tile: 32,
    } as const;
    const { signal } = new AbortController();
    const { page: made } = await opened.processor.process({ data: page, options, priority: 1, signal });
    return { ready: opened.ready, bytes: Buffer.from(made.data) };
  } finally {
    await opened.close();
  }
}

describe("openProcessor", () => {
  it("gives the same page from this process and from a process of its own", async () => {
    const [here, there] = [await upscale(-1), await upscale([-1])];
    expect(there.ready).toEqual(here.ready);
    expect(there.bytes.equals(here.bytes)).toBe(true);
  });

  it("refuses less memory than so many workers need", async () => {
    await expect(openProcessor({ ...choose([-1, -1]), maxMemory: 512 }, SILENT_LOG)).rejects.toMatchObject({
      code: "unsupported_option",
    });
  });
});
