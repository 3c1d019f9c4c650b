import { defineConfig } from "vitest/config";

/** Properties, fuzzing, and files that are made to hurt: no engine either, but too long for a run after each save. */
const LONG = [
  "test/plan/properties.test.ts",
  "test/project/validate.test.ts",
  "test/project/schema.test.ts",
  "test/project/parse.test.ts",
  "test/project/tree-index.test.ts",
  "test/engine/buildkit/session-services.test.ts",
  "test/project/compile-fuzz.test.ts",
  "test/project/compile-equivalence.test.ts",
  "test/catalogue/config-fuzz.test.ts",
  "test/catalogue/config-project.test.ts",
  "test/catalogue/engine.test.ts",
  "test/catalogue/security-machine.test.ts",
  "test/catalogue/services.test.ts",
  "test/cli/logs.test.ts",
  "test/scripts/executable.test.ts",
  "test/cli/no-op-calls.test.ts",
  "test/cli/missing-files.test.ts",
  "test/cli/include.test.ts",
  "test/catalogue/security.test.ts",
  "test/catalogue/secrets.test.ts",
  "test/context/walk.test.ts",
  "test/dockerfile/parse.test.ts",
  "test/dockerfile/hidden.test.ts",
  "test/watch/loop.test.ts",
  "test/watch/loss.test.ts",
  "test/watch/catalogue.test.ts",
  "test/engine/transport.test.ts",
  "test/engine/ssh.test.ts",
];

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/e2e/**", "test/faults/**", "test/registry/**", "test/room/**", ...LONG],
          // Loading the same modules for every file costs more than the tests; none of them keeps state.
          isolate: false,
          testTimeout: 10_000,
        },
      },
      {
        test: {
          name: "long",
          include: LONG,
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          exclude: ["test/e2e/trouble/**"],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          // They crash the engine, which therefore is nobody else's.
          name: "trouble",
          include: ["test/e2e/trouble/**/*.test.ts"],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "registry",
          include: ["test/registry/**/*.test.ts"],
          testTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          // For an engine with little room.
          name: "room",
          include: ["test/room/**/*.test.ts"],
          testTimeout: 180_000,
        },
      },
      {
        test: {
          name: "faults",
          include: ["test/faults/**/*.test.ts"],
          testTimeout: 120_000,
        },
      },
    ],
  },
});
