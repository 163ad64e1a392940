import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/e2e/**/*.test.ts"],
    globalSetup: "test/e2e/setup.ts",
    // One VS Code server; each file tells one story on it.
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 90_000,
    bail: 1,
  },
});
