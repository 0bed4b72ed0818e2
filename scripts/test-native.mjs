import "./setup/require-node.mjs";
import { parseArgs } from "node:util";
import { buildNativeTests, SANITIZER_FLAGS } from "./native-test/build.mjs";
import { listNativeCases, runNativeGroup, runNativeSoak } from "./native-test/run.mjs";
import { CommandError } from "./setup/run-command.mjs";
import { sanitizerRemedy, sanitizerSupport } from "./setup/sanitizers.mjs";

const USAGE = `usage: node scripts/test-native.mjs [--sanitizer address|thread|none] [--cpu-only] [GROUP...]
       node scripts/test-native.mjs [--sanitizer address|none] --soak PAGES cpu|vulkan`;

/** @param {string} message @returns {never} */
function fail(message) {
  console.error(message);
  process.exit(1);
}

/** @param {string} text @returns {import("./native-test/build.mjs").Sanitizer} */
function sanitizerNamed(text) {
  if (text === "address" || text === "thread" || text === "none") return text;
  return fail(`expected address, thread or none for --sanitizer, received '${text}'\n${USAGE}`);
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        sanitizer: { type: "string", default: "address" },
        "cpu-only": { type: "boolean", default: false },
        soak: { type: "string" },
      },
    });
  } catch (error) {
    return fail(`${error instanceof Error ? error.message : error}\n${USAGE}`);
  }
}

/**
 * @param {string} program
 * @param {readonly string[]} wanted groups; none: all
 * @param {{ findLeaks: boolean, cpuOnly: boolean }} options
 * @returns {Promise<boolean>} whether nothing failed
 */
async function runGroups(program, wanted, options) {
  const groups = new Set((await listNativeCases(program)).map(({ group }) => group));
  const unknown = wanted.find((group) => !groups.has(group));
  if (unknown !== undefined) fail(`expected one of ${[...groups].join(", ")}, received '${unknown}'`);
  let isGood = true;
  for (const group of wanted.length > 0 ? wanted : groups) {
    const startedAt = performance.now();
    const { cases, problem } = await runNativeGroup(program, group, options);
    for (const [name, { status, message }] of cases) {
      console.log(`${status} ${group}: ${name}${message ? `: ${message}` : ""}`);
    }
    console.log(`${group}: ${Math.round(performance.now() - startedAt)} ms`);
    if (problem !== null) console.error(problem);
    isGood &&= problem === null;
  }
  return isGood;
}

const { values, positionals } = readArguments();
const sanitizer = sanitizerNamed(values.sanitizer);
const support = await sanitizerSupport(SANITIZER_FLAGS[sanitizer]);
if (support.problem !== null) {
  fail(
    `expected ${sanitizer} to be a sanitizer of the compiler: ${support.problem}\n${await sanitizerRemedy()}`,
  );
}
if (sanitizer === "address" && !support.findsLeaks) console.error("WARNING: leaks cannot be found here");
try {
  const program = await buildNativeTests(sanitizer);
  const findLeaks = support.findsLeaks;
  if (values.soak !== undefined) {
    const [device = ""] = positionals;
    const onLine = (/** @type {string} */ line) => console.log(line);
    const problem = await runNativeSoak(program, { pages: values.soak, device }, { findLeaks, onLine });
    process.exitCode = problem === null ? 0 : 1;
  } else {
    const isGood = await runGroups(program, positionals, { findLeaks, cpuOnly: values["cpu-only"] });
    process.exitCode = isGood ? 0 : 1;
  }
} catch (error) {
  if (!(error instanceof CommandError)) throw error;
  fail(error.message);
}
