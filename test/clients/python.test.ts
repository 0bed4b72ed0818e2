import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { describeClient, TEST_WORKER } from "./client-behaviour.js";
import { hasPython, PYTHON_REMEDY, preparePythonClient, pythonFolder } from "./python-client.js";
import { announceSkipped, run } from "./reference-client.js";

if (hasPython()) {
  describeClient("the Python reference client", preparePythonClient);
  describe("the program in the Python client's README.md", () => {
    it("upscales pages", async () => {
      const { python } = preparePythonClient();
      const folder = await mkdtemp(join(tmpdir(), "python-readme-"));
      const readme = await readFile(join(pythonFolder, "README.md"), "utf8");
      const [, program = ""] = /```python\n(.*?)```/s.exec(readme) ?? [];
      await writeFile(join(folder, "program.py"), program);
      const worker = TEST_WORKER.map((part) => `'${part}'`).join(" ");
      await writeFile(join(folder, "bdreader-ncnn-upscaler"), `#!/bin/sh\nexec ${worker}\n`, { mode: 0o755 });
      const background = { r: 10, g: 120, b: 60 };
      const image = sharp({ create: { width: 20, height: 30, channels: 3, background } });
      await image.png().toFile(join(folder, "page.png"));
      await writeFile(join(folder, "notes.txt"), "this is no image");
      const path = `${folder}${delimiter}${process.env.PATH}`;
      const output = run({
        command: [python, "program.py", "page.png", "notes.txt"],
        cwd: folder,
        env: { ...process.env, PATH: path, PYTHONPATH: pythonFolder },
      });
      expect(output).toContain("page.png: 40 x 60\nnotes.txt: unsupported_format, give up\n");
      const result = await sharp(join(folder, "page.2x.webp")).metadata();
      expect(result).toMatchObject({ width: 40, height: 60, format: "webp" });
      await rm(folder, { recursive: true });
    });
  });
} else {
  announceSkipped("the Python reference client", PYTHON_REMEDY);
  describe.skip(`the Python reference client: needs ${PYTHON_REMEDY}`);
}
