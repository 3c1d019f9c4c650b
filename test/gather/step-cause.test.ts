import { expect, test } from "vitest";
import { stepCause } from "../../src/gather/step-cause.ts";
import type { Reason } from "../../src/plan/reason.ts";

const files: Reason = { code: "files-changed", files: ["src/a.ts", "src/deep/b.ts", "package.json", "lib/c.ts"] };

test("a step that copies is told with the changed files that it reads", () => {
  const rows = [
    ["[stage-0 2/3] COPY src /app", "src/a.ts, src/deep/b.ts changed"],
    ["[2/3] COPY package*.json ./", "package.json changed"],
    ["[linux/amd64 build 2/3] ADD --chown=1:1 lib/c.ts /", "lib/c.ts changed"],
    ["[2/3] COPY . .", "src/a.ts, src/deep/b.ts, package.json and 1 more changed"],
    ["[2/3] RUN --mount=type=bind,source=lib,target=/lib ls /lib", "lib/c.ts changed"],
    ["[2/3] COPY --from=build /src /app", undefined],
    ["[2/3] RUN npm install", undefined],
  ] as const;
  for (const [step, cause] of rows) expect(stepCause(step, [files]), step).toBe(cause);
});

test("any other step is told with what changed about the build", () => {
  const run = "[2/3] RUN make";
  expect(stepCause(run, [{ code: "dockerfile-changed" }, { code: "arg-changed", path: "A" }])).toBe("arg A changed");
  expect(stepCause(run, [{ code: "base-changed", path: "busybox:latest" }])).toBe("busybox:latest changed");
  expect(stepCause(run, [files, { code: "dockerfile-changed" }])).toBe("the Dockerfile changed");
  expect(stepCause(run, [{ code: "missing" }])).toBeUndefined();
  expect(stepCause("anything at all", [files])).toBeUndefined();
});
