/** What a progress bar shows. */
export interface Progress {
  readonly bytes: number;
  readonly totalBytes: number;
  readonly pages: number;
  readonly failed: number;
  readonly elapsedMs: number;
}

const WIDEST_BAR = 30;
const NARROWEST_BAR = 5;

function clock(seconds: number): string {
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const two = (value: number): string => String(value).padStart(2, "0");
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/**
 * @param columns of the terminal
 * @returns one line without its end, shorter than the terminal is wide
 */
export function formatProgress(progress: Progress, columns: number): string {
  const { bytes, totalBytes, pages, failed, elapsedMs } = progress;
  const share = totalBytes === 0 ? 1 : Math.min(1, bytes / totalBytes);
  const seconds = elapsedMs / 1000;
  const speed = seconds > 0 ? pages / seconds : 0;
  // By bytes, since how many pages an archive has is known only when it is opened.
  const left = share > 0 && share < 1 ? `, ${clock(Math.ceil((seconds / share) * (1 - share)))} left` : "";
  const failures = failed > 0 ? `, ${failed} failed` : "";
  const percent = `${Math.floor(share * 100)}%`.padStart(4);
  const text = `${percent} ${pages} pages, ${speed.toFixed(speed < 10 ? 2 : 0)} pages/s${failures}${left}`;
  const room = Math.min(WIDEST_BAR, columns - text.length - 4);
  if (room < NARROWEST_BAR) return text.slice(0, Math.max(0, columns - 1));
  const filled = Math.round(share * room);
  return `[${"#".repeat(filled)}${".".repeat(room - filled)}]${text}`;
}

/** A terminal that a line is drawn on. */
export interface Terminal {
  /** 0 where it does not tell. */
  readonly columns: number;
  write(text: string): unknown;
}

const USUAL_COLUMNS = 80;
const LEAST_MS_BETWEEN = 100;
const ERASE_LINE = "\r\u001b[K";

/** The last line of a terminal: drawn over itself, taken away while other lines are written. */
export class ProgressBar {
  readonly #terminal: Terminal;
  readonly #now: () => number;
  readonly #started: number;
  #drawn = Number.NEGATIVE_INFINITY;
  #isShown = false;

  /** @param now milliseconds */
  constructor(terminal: Terminal, now: () => number) {
    this.#terminal = terminal;
    this.#now = now;
    this.#started = now();
  }

  /** Draws, unless it was drawn a moment ago. */
  show(progress: Omit<Progress, "elapsedMs">): void {
    const now = this.#now();
    if (now - this.#drawn < LEAST_MS_BETWEEN) return;
    this.#drawn = now;
    this.#isShown = true;
    const columns = this.#terminal.columns || USUAL_COLUMNS;
    const line = formatProgress({ ...progress, elapsedMs: now - this.#started }, columns);
    this.#terminal.write(ERASE_LINE + line);
  }

  /** Writes a line where the bar was. */
  writeLine(line: string): void {
    this.hide();
    this.#terminal.write(`${line}\n`);
  }

  hide(): void {
    if (this.#isShown) this.#terminal.write(ERASE_LINE);
    this.#isShown = false;
    this.#drawn = Number.NEGATIVE_INFINITY;
  }
}
