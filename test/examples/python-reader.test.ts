import { join } from "node:path";
import { describe } from "vitest";
import { PACKAGE_ROOT } from "../../src/package-root.js";
import { hasPython, PYTHON_REMEDY } from "../clients/python-client.js";
import { announceSkipped, CLIENTS_FOLDER, run, SETUP_FOLDER, works } from "../clients/reference-client.js";
import { describeReader, type Reader } from "./reader-behaviour.js";

const PROGRAM = join(PACKAGE_ROOT, "examples", "python-reader", "reader.py");
/** Not that of the client's own tests, which may be making theirs at the same time. */
const VENV = join(SETUP_FOLDER, "python-reader");
const PYTHON = join(VENV, "bin", "python");

function prepare(): Reader {
  const here = { cwd: PACKAGE_ROOT, env: process.env };
  if (!works([PYTHON, "-c", "import msgpack"])) {
    run({ ...here, command: ["python3", "-m", "venv", "--clear", VENV] });
    run({ ...here, command: [PYTHON, "-m", "pip", "install", "--quiet", "msgpack>=1.0.3"] });
  }
  const env = { ...process.env, PYTHONPATH: join(CLIENTS_FOLDER, "python") };
  return (args) => ({ command: [PYTHON, PROGRAM, ...args], env });
}

if (hasPython()) {
  describeReader("the Python reader", prepare);
} else {
  announceSkipped("the Python reader", PYTHON_REMEDY);
  describe.skip(`the Python reader: needs ${PYTHON_REMEDY}`);
}
