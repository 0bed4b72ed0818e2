import { type Command, Option } from "commander";
import { createLog, type Log, type LogLevel } from "../log.js";

export interface LogChoice {
  readonly log: "text" | "json";
  readonly logLevel: LogLevel;
}

/** Adds the options of what is written to standard error. */
export function addLogOptions(command: Command, least: LogLevel): Command {
  return command
    .addOption(
      new Option("--log <format>", "log lines on standard error").choices(["text", "json"]).default("text"),
    )
    .addOption(
      new Option("--log-level <level>", "least important lines to write")
        .choices(["debug", "info", "warn", "error"])
        .default(least),
    );
}

function writeLine(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** @returns a log on standard error */
export function openLog({ log, logLevel }: LogChoice, write: (line: string) => void = writeLine): Log {
  return createLog(write, { least: logLevel, format: log });
}
