import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Reporter } from "../../scripts/setup/reporter.mjs";
import { addonTools, ncnnBuildTools, requireTools } from "../../scripts/setup/tools.mjs";
import { machineWith } from "./fixtures/machine.js";

const silent = new Reporter({ write: () => undefined });

afterEach(() => void vi.unstubAllEnvs());

describe("required tools", () => {
  it("are all named at once, with the command that installs them", async () => {
    await machineWith({ tar: "" });
    await expect(requireTools([...addonTools(), ...ncnnBuildTools()], silent)).rejects.toThrow(
      /expected these tools on PATH: g\+\+ \(not found\), ninja \(not found\), python3 \(not found\), cmake >= 3\.18 \(not found\), python3 with venv and ensurepip \(not found\)\nInstall with: .*apt-get update && .*apt-get install -y g\+\+ ninja-build python3 cmake python3-venv$/,
    );
  });

  it("are left alone when they are there", async () => {
    await machineWith({
      "g++": "",
      python3: "",
      tar: "",
      ninja: "",
      cmake: "echo cmake version 3.25.1",
    });
    await expect(requireTools([...addonTools(), ...ncnnBuildTools()], silent)).resolves.toBeUndefined();
  });

  it("include a CMake that is new enough and a Python that has ensurepip", async () => {
    await machineWith({
      python3: "echo Traceback; echo No module named ensurepip >&2; exit 1",
      tar: "",
      cmake: "echo cmake version 3.13.4",
    });
    await expect(requireTools(ncnnBuildTools(), silent)).rejects.toThrow(
      /cmake >= 3\.18 \(found 3\.13\.4\), python3 with venv and ensurepip \(No module named ensurepip\)\nInstall with: .*install -y cmake python3-venv$/,
    );
  });

  it("include a Python that starts", async () => {
    await machineWith({ "g++": "", ninja: "", python3: "exit 127" });
    await expect(requireTools(addonTools(), silent)).rejects.toThrow("PATH: python3 (ended with 127)\n");
  });

  it("do not count when they are not executable", async () => {
    const folder = await machineWith({ "g++": "", ninja: "", python3: "" });
    await chmod(path.join(folder, "ninja"), 0o644);
    await expect(requireTools(addonTools(), silent)).rejects.toThrow("PATH: ninja (not found)");
  });

  it("name a compiler that only the user can know", async () => {
    await machineWith({ ninja: "", python3: "" });
    vi.stubEnv("CXX", "clang++-99");
    await expect(requireTools(addonTools(), silent)).rejects.toThrow(
      "expected these tools on PATH: the C++ compiler 'clang++-99' that CXX names (not found)\nSet CXX to a compiler",
    );
  });

  it.runIf(process.getuid?.() === 0)("are installed by root, with apt-get", async () => {
    const folder = await machineWith({
      "g++": "",
      python3: "",
      "apt-get": 'echo "$@" >> "$0.log"; [ "$1" = update ] || { cd "$0.d" && /bin/mv ninja ..; }',
    });
    await mkdir(path.join(folder, "apt-get.d"));
    await writeFile(path.join(folder, "apt-get.d/ninja"), "#!/bin/sh\n", { mode: 0o755 });
    let output = "";
    await requireTools(addonTools(), new Reporter({ write: (text) => (output += text) }));
    expect(output).toMatch(/^tools: installing ninja-build with apt-get, as root… [\d.]+ s\n$/);
    const [update, install] = (await readFile(path.join(folder, "apt-get.log"), "utf8"))
      .trimEnd()
      .split("\n");
    expect(update).toMatch(/^update /);
    expect(install).toMatch(/^install --no-install-recommends -y .* ninja-build$/);
  });

  it.runIf(process.getuid?.() === 0)("are named when apt-get cannot install them", async () => {
    await machineWith({ "g++": "", python3: "", "apt-get": "echo no network; exit 100" });
    await expect(requireTools(addonTools(), silent)).rejects.toThrow(
      /ended with 100:\nno network\nRepeat it by hand: apt-get update && apt-get install -y ninja-build$/,
    );
  });
});
