import { beforeAll, describe, expect, it } from "vitest";
import { buildNativeTests, SANITIZER_FLAGS } from "../../scripts/native-test/build.mjs";
import type { GroupResult } from "../../scripts/native-test/run.mjs";
import { listNativeCases, runNativeGroup, runNativeSoak } from "../../scripts/native-test/run.mjs";
import { sanitizerRemedy, sanitizerSupport } from "../../scripts/setup/sanitizers.mjs";
import { announceSkipped } from "../clients/reference-client.js";

const TITLE = "the addon's native tests, with sanitizers";
/** The address sanitizer's own memory takes some pages to settle; software Vulkan is slow. */
const SOAKS = [
  { device: "cpu", pages: "300" },
  { device: "vulkan", pages: "150" },
];
/** Software Vulkan on a busy machine. */
const GROUP_TIMEOUT_MS = 300_000;

const { problem, findsLeaks } = await sanitizerSupport(SANITIZER_FLAGS.address);

function describeGroup(program: string, group: string, names: readonly string[]): void {
  describe(group, () => {
    let result: GroupResult;
    beforeAll(async () => {
      result = await runNativeGroup(program, group, { findLeaks: findsLeaks });
    }, GROUP_TIMEOUT_MS);

    it.each(names)("%s", (name) => {
      const one = result.cases.get(name);
      if (!one) throw new Error(`the process did not come to this case: ${result.problem}`);
      expect(one, one.message).not.toMatchObject({ status: "failed" });
    });

    it.runIf(findsLeaks)("leaves nothing for the sanitizers to report", () => {
      const hasFailed = [...result.cases.values()].some(({ status }) => status === "failed");
      // A failed case makes the process end with an error as well, and has been told already.
      if (!hasFailed) expect(result.problem).toBeNull();
      expect(result.problem ?? "").not.toMatch(/Sanitizer|runtime error:/);
    });
  });
}

if (problem === null) {
  const program = await buildNativeTests("address");
  const cases = await listNativeCases(program);
  describe(TITLE, () => {
    for (const group of new Set(cases.map((one) => one.group))) {
      const names = cases.filter((one) => one.group === group).map(({ name }) => name);
      describeGroup(program, group, names);
    }
    it.each(SOAKS)(
      "memory does not grow over $pages pages of varied sizes on $device",
      async (soak) => {
        expect(await runNativeSoak(program, soak, { findLeaks: findsLeaks })).toBeNull();
      },
      GROUP_TIMEOUT_MS,
    );
  });
} else {
  announceSkipped(`${TITLE}: ${problem}`, await sanitizerRemedy());
  describe.skip(TITLE);
}
