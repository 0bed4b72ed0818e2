import { describe, expect, it } from "vitest";
import { EXIT, FATAL_ERROR_CODES, REQUEST_ERROR_CODES } from "../../protocol/error-codes.js";
import { protocolSchema } from "../../protocol/json-schema.js";
import { RawWorker, runCli } from "../support/worker.js";

describe("describe", () => {
  it.each(["describe", "worker --describe", "--describe"])("prints one JSON object: %s", async (line) => {
    const { code, stdout, stderr } = await runCli(line.split(" "));
    expect({ code, stderr }).toEqual({ code: EXIT.ok, stderr: "" });
    const described = JSON.parse(stdout.toString());
    expect(described).toMatchObject({
      proto: [1],
      default_model: "bd2x-fast",
      default_model_gpu: "bd2x",
      errors: REQUEST_ERROR_CODES,
      messages: protocolSchema(),
    });
    expect(Object.keys(described.fatals)).toEqual(Object.keys(FATAL_ERROR_CODES));
    expect(described.fatals.client_stalled).toEqual({ exit_code: described.exit_codes.protocol });
  });

  it("says of the worker what its hello and ready say", async () => {
    const described = JSON.parse((await runCli(["describe"])).stdout.toString());
    const worker = new RawWorker();
    const { name, version, proto, features, limits } = await worker.type("hello");
    expect(described).toMatchObject({ name, version, proto, features, limits });
    const { models, default_model } = await worker.hello().type("ready");
    worker.endInput();
    expect(described).toMatchObject({ default_model, models: expect.arrayContaining(models as unknown[]) });
    expect((await worker.ended).code).toBe(EXIT.ok);
  });
});
