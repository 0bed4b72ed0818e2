import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Native engines use every core by themselves; more test files at once only make each of them slower.
    maxWorkers: 2,
    coverage: {
      provider: "v8",
      include: ["src/**/*.ts", "protocol/**/*.ts"],
      reporter: ["text-summary", "json-summary"],
    },
  },
});
