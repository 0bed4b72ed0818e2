import { describe, expect, it } from "vitest";
import { checkLockFile } from "../../scripts/setup/npm-step.mjs";

const manifest = { dependencies: { sharp: "0.35.5" }, devDependencies: { vitest: "4.1.12" } };

describe("the lock file", () => {
  it("fits when it locks the dependencies of package.json", () => {
    expect(() => checkLockFile(manifest, { packages: { "": { ...manifest } } })).not.toThrow();
  });

  it.each([
    { ...manifest, dependencies: { sharp: "0.35.4" } },
    { ...manifest, dependencies: { sharp: "0.35.5", zod: "4.6.7" } },
    { dependencies: manifest.dependencies },
  ])("is refused when it locks others: %o", (locked) => {
    expect(() => checkLockFile(manifest, { packages: { "": locked } })).toThrow(
      "npm install --package-lock-only",
    );
  });
});
