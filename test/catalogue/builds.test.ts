import { describe, expect } from "vitest";
import { commandLine, projectFile } from "../support/command-line.ts";
import { EngineTap } from "../support/engine-tap.ts";

describe("builds", () => {
  commandLine("B15 an engine without BuildKit is never given a secret in another way", async ({ line }) => {
    const secret = "c4n4ry-0123456789";
    const image = { context: ".", secrets: [{ id: "token", env: "BUILD_VALUE" }], ssh: [] };
    await line.write({
      Dockerfile: "FROM busybox:latest\nRUN --mount=type=secret,id=token true\n",
      "dock.yaml": projectFile({ images: { app: image } }),
    });
    const sent: string[] = [];
    await using tap = await EngineTap.start(line.engine.socketPath, ({ path, query, body, headers }) => {
      sent.push(path, query, body, JSON.stringify(headers));
      return undefined;
    });
    const run = await line.run(["build"], { env: { BUILD_VALUE: secret }, host: tap.host });
    expect(run.code).toBe(2);
    expect(run.stderr).toMatch(/BuildKit/);
    expect([...sent, run.stdout, run.stderr].join("\n")).not.toContain(secret);
  });
});
