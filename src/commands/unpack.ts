import type { ExitCode } from "../../protocol/error-codes.js";
import { EXIT } from "../../protocol/error-codes.js";
import { makeOutputFolder } from "../files/make-folder.js";
import { PageFiles } from "../packing/page-files.js";
import { Unpacker } from "../packing/unpacker.js";
import { Interrupted, watchInterrupts } from "./interruption.js";
import { type LogChoice, openLog } from "./program-log.js";

/** Writes the answers of a worker on standard input as files into a folder. */
export async function runUnpack(choice: LogChoice & { readonly output: string }): Promise<ExitCode> {
  const log = openLog(choice);
  if (process.stdin.isTTY) {
    log.error("expected a worker's answers on stdin, received a terminal: worker < requests | unpack -o out");
    return EXIT.usage;
  }
  await makeOutputFolder(choice.output);
  const interrupted = watchInterrupts();
  interrupted.addEventListener("abort", () => process.stdin.destroy());
  const files = new PageFiles(choice.output);
  try {
    const exitCode = await new Unpacker(files, log).run(process.stdin);
    await files.close();
    return exitCode;
  } finally {
    await files.close().catch(() => undefined);
    if (interrupted.reason instanceof Interrupted) interrupted.reason.endProcess();
  }
}
