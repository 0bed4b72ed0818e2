/** A line of output: progress is written over itself on a terminal and once every 10 % elsewhere. */
const PERCENT_STEP = 10;

/** @param {number} milliseconds @returns {string} such as `0.4 s`, `21 s` or `6 min 20 s` */
export function duration(milliseconds) {
  const seconds = milliseconds / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** Says what the set-up does: one line for each step that does something. */
export class Reporter {
  #output;
  #title = "";
  #startedAt = 0;
  /** Whether the cursor stands behind text that no line feed has ended yet. */
  #lineOpen = false;
  #lastStep = 0;
  #lastProgress = "";

  /** @param {{ write(text: string): unknown, isTTY?: boolean }} output */
  constructor(output) {
    this.#output = output;
  }

  /** @param {string} title name of the step @param {string} activity what begins now */
  start(title, activity) {
    this.endLine();
    this.#title = title;
    this.#startedAt = performance.now();
    this.#lastStep = 0;
    this.#lastProgress = "";
    this.#output.write(`${title}: ${activity}…`);
    this.#lineOpen = true;
  }

  /** @param {string} what @param {number} fraction from 0 to 1 */
  progress(what, fraction) {
    const percent = Math.floor(fraction * 100);
    const step = Math.floor(percent / PERCENT_STEP);
    const text = `${this.#title}: ${what}, ${percent} %`;
    if (this.#output.isTTY) {
      if (text === this.#lastProgress) return;
      if (!this.#lastProgress) this.endLine();
      this.#output.write(`\r\u001b[K${text}`);
      this.#lastProgress = text;
      this.#lineOpen = true;
    } else if (step > this.#lastStep) {
      this.#lastStep = step;
      this.endLine();
      this.#output.write(`${text}\n`);
    }
  }

  /** @param {string} text a line that belongs to no step's progress */
  note(text) {
    this.endLine();
    this.#output.write(`${text}\n`);
  }

  /** Ends the step that `start` began, with the time it took. */
  done() {
    const took = duration(performance.now() - this.#startedAt);
    this.#output.write(
      this.#lineOpen && !this.#lastProgress ? ` ${took}\n` : `${this.#freshLine()}${this.#title}: ${took}\n`,
    );
    this.#lineOpen = false;
  }

  #freshLine() {
    return this.#lineOpen ? "\r\u001b[K" : "";
  }

  /** Ends a line that still stands open. */
  endLine() {
    if (this.#lineOpen) this.#output.write("\n");
    this.#lineOpen = false;
  }
}
