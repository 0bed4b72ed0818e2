import type { LogChoice } from "./program-log.js";

function parseObject(line: string): object | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

/**
 * @param line of a worker's standard error
 * @returns the line with the worker's name: in front of a text, as the field `worker` of a JSON object
 */
export function labelLine(line: string, worker: string, format: LogChoice["log"]): string {
  if (format === "text") return `${worker}: ${line}`;
  // What a library writes is no JSON; it must not break the log of who reads it as such.
  const fields = parseObject(line) ?? { time: new Date().toISOString(), level: "info", message: line };
  return JSON.stringify({ ...fields, worker });
}
