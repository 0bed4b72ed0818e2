import { join } from "node:path";
import { CLIENTS_FOLDER, type ReferenceClient, run, SETUP_FOLDER, works } from "./reference-client.js";

export const pythonFolder = join(CLIENTS_FOLDER, "python");
const VENV = join(SETUP_FOLDER, "python-client");
const PYTHON = join(VENV, "bin", "python");

/** Named where the tests are left out. */
export const PYTHON_REMEDY = "apt-get install -y python3 python3-venv";

export function hasPython(): boolean {
  return works(["python3", "-c", "import venv, ensurepip"]);
}

/** Makes a virtual environment with the client's one dependency, unless it is there. */
export function preparePythonClient(): ReferenceClient & { readonly python: string } {
  const inFolder = { cwd: pythonFolder, env: process.env };
  if (!works([PYTHON, "-c", "import msgpack"])) {
    run({ ...inFolder, command: ["python3", "-m", "venv", "--clear", VENV] });
    run({ ...inFolder, command: [PYTHON, "-m", "pip", "install", "--quiet", "msgpack>=1.0.3"] });
  }
  return {
    python: PYTHON,
    testee: [PYTHON, join(pythonFolder, "conformance_testee.py")],
    upscale: (page, output, worker) => [
      ...["env", `PYTHONPATH=${pythonFolder}`, PYTHON, "-m", "bdreader_client"],
      ...[page, "-o", output, "--", ...worker],
    ],
    ownTests: [{ ...inFolder, command: [PYTHON, "-m", "unittest", "discover", "-s", "tests", "-t", "."] }],
  };
}
