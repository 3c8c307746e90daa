import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 2,
    // Tests that load ONNX Runtime themselves; src/runtime/telemetry.ts sees to it elsewhere.
    env: { ORT_DISABLE_TELEMETRY: '1' },
  },
});
