/** Values that a log line can carry beside its message. */
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

export type LogLevel = "debug" | "info" | "warn" | "error";

/** Where a part of the program says what happens; passed in, never global. */
export type Log = Readonly<Record<LogLevel, (message: string, fields?: LogFields) => void>>;

const ORDER: readonly LogLevel[] = ["debug", "info", "warn", "error"];

function asText(level: LogLevel, message: string, fields: LogFields): string {
  const pairs = Object.entries(fields).filter(([, value]) => value !== undefined);
  return [`${level}: ${message}`, ...pairs.map(([key, value]) => `${key}=${JSON.stringify(value)}`)].join(
    " ",
  );
}

/**
 * @param write receives one line, without its line feed
 * @param options `least` drops everything below that level; `format` is for people or for programs
 */
export function createLog(
  write: (line: string) => void,
  { least = "info", format = "text" }: { least?: LogLevel; format?: "text" | "json" } = {},
): Log {
  const at =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}): void => {
      if (ORDER.indexOf(level) < ORDER.indexOf(least)) return;
      const time = new Date().toISOString();
      write(
        format === "json"
          ? JSON.stringify({ time, level, message, ...fields })
          : asText(level, message, fields),
      );
    };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** Says nothing; for tests and for callers who do not care. */
export const SILENT_LOG: Log = createLog(() => undefined, { least: "error" });
