import { beforeEach, describe, expect, it, vi } from "vitest";
import { duration, Reporter } from "../../scripts/setup/reporter.mjs";

let output = "";
const write = (text: string) => {
  output += text;
};

beforeEach(() => {
  output = "";
  vi.spyOn(performance, "now").mockReturnValue(0);
});

describe("what the set-up prints", () => {
  it("is one line for a step, with the time it took", () => {
    const reporter = new Reporter({ write });
    reporter.start("npm packages", "installing");
    vi.spyOn(performance, "now").mockReturnValue(21_000);
    reporter.done();
    expect(output).toBe("npm packages: installing… 21 s\n");
  });

  it("is a line every 10 % in a file", () => {
    const reporter = new Reporter({ write });
    reporter.start("ncnn", "building");
    for (let done = 0; done <= 690; done += 1) reporter.progress("compiling", done / 690);
    reporter.done();
    const percents = [10, 20, 30, 40, 50, 60, 70, 80, 90, 100].map(
      (percent) => `ncnn: compiling, ${percent} %\n`,
    );
    expect(output).toBe(`ncnn: building…\n${percents.join("")}ncnn: 0.0 s\n`);
  });

  it("is one line written over itself on a terminal", () => {
    const reporter = new Reporter({ write, isTTY: true });
    reporter.start("ncnn", "building");
    for (const fraction of [0, 0.001, 0.5]) reporter.progress("compiling", fraction);
    reporter.done();
    const over = "\r\u001b[K";
    expect(output).toBe(
      `ncnn: building…\n${over}ncnn: compiling, 0 %${over}ncnn: compiling, 50 %${over}ncnn: 0.0 s\n`,
    );
  });

  it("keeps notes on lines of their own", () => {
    const reporter = new Reporter({ write });
    reporter.start("ncnn", "building");
    reporter.note("waiting");
    reporter.done();
    expect(output).toBe("ncnn: building…\nwaiting\nncnn: 0.0 s\n");
  });
});

it.each([
  [430, "0.4 s"],
  [21_400, "21 s"],
  [59_600, "1 min 0 s"],
  [380_000, "6 min 20 s"],
])("%i ms are %s", (milliseconds, text) => {
  expect(duration(milliseconds)).toBe(text);
});
