import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { PeerProcess } from "../../src/bench/peers-process.js";

const answer = z.object({ t: z.literal("answer"), value: z.number() });
const open: PeerProcess[] = [];
afterEach(() => Promise.all(open.splice(0).map((peer) => peer.close())));

/** A peer that runs `body` for each line, as `request`. */
function peer(body: string): PeerProcess {
  const script = `require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => { const request = JSON.parse(line); ${body} })`;
  const started = new PeerProcess({ command: process.execPath, args: ["-e", script], env: {} });
  open.push(started);
  return started;
}

const echo = `console.log(JSON.stringify({ t: "answer", value: request.value + 1 }));`;

describe("PeerProcess", () => {
  it("answers one question after another", async () => {
    const started = peer(echo);
    for (const value of [1, 2, 3]) {
      expect(await started.ask({ value }, answer, 5000)).toEqual({ t: "answer", value: value + 1 });
    }
  });

  it.each([
    ["an error", `console.log('{"t":"error","message":"no such model"}')`, /^no such model$/],
    ["text", `console.log("Segmentation fault soon")`, /^expected an answer .*Segmentation fault soon$/],
    ["another answer", `console.log('{"t":"answer"}')`, /^expected an answer as the protocol has it/],
    ["a crash", `console.error("first\\nlast words"); process.kill(process.pid, "SIGSEGV")`, /SIGSEGV/],
    ["an exit", `console.error("first\\nlast words"); process.exit(3)`, /^it ended with 3: last words$/],
  ])("fails with what it received: %s", async (_, body, message) => {
    await expect(peer(body).ask({}, answer, 5000)).rejects.toThrow(message);
  });

  it("gives up a peer that is silent, and can end it", async () => {
    const started = peer("while (true) ;");
    await expect(started.ask({}, answer, 200)).rejects.toThrow("no answer within 0.2 s");
    await started.close();
    await expect(started.ask({}, answer, 200)).rejects.toThrow("it ended with SIGKILL");
  });

  it("asks one question at a time", async () => {
    const started = peer(echo);
    const first = started.ask({ value: 1 }, answer, 5000);
    await expect(started.ask({ value: 2 }, answer, 5000)).rejects.toThrow("one question at a time");
    expect(await first).toMatchObject({ value: 2 });
  });

  it("says that a program is not there", async () => {
    const missing = new PeerProcess({ command: "no-such-python", args: [], env: {} });
    await expect(missing.ask({}, answer, 5000)).rejects.toThrow(/cannot start no-such-python: .*ENOENT/);
    await missing.close();
  });
});
