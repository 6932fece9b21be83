import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/support/global-setup.ts"],
    setupFiles: ["test/support/patience.ts"],
    expect: { poll: { timeout: 20_000 } },
    // Two cores and real processes. Tests wait for these half of their time, so a third worker finds room; more of them
    // only make each other slower.
    maxWorkers: 3,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Until whole runs without it have been seen on machines of CI: their load is not ours to choose.
    ...(process.env["CI"] === undefined ? {} : { retry: 1 }),
  },
});
