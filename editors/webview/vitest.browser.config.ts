import { defineConfig } from "vitest/config";

// Against the built view in a real browser. One file after the other: they share the machine with the browser.
export default defineConfig({
  test: {
    include: ["test/browser/*.browser.ts"],
    fileParallelism: false,
    maxConcurrency: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
