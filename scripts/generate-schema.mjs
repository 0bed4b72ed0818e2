import "./setup/require-node.mjs";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { ROOT } from "./setup/paths.mjs";
import { runCommand } from "./setup/run-command.mjs";

// Writes the JSON Schema of the protocol from the compiled program; `node scripts/setup.mjs` compiles it.

const TARGET = path.join(ROOT, "protocol/schema/v1.json");

const { protocolSchema } = await import(pathToFileURL(path.join(ROOT, "dist/protocol/json-schema.js")).href);
await writeFile(TARGET, `${JSON.stringify(protocolSchema(), null, 2)}\n`);
const biome = path.join(ROOT, "node_modules/@biomejs/biome/bin/biome");
await runCommand(process.execPath, [biome, "format", "--write", TARGET], { cwd: ROOT });
console.log(`${path.relative(ROOT, TARGET)} is current`);
