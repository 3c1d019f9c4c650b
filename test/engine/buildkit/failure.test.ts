import { expect, test } from "vitest";
import { parseErrorDetails } from "../../../src/engine/buildkit/error-details.ts";
import { buildFailure } from "../../../src/engine/buildkit/failure.ts";
import { GrpcError } from "../../../src/engine/buildkit/grpc-wire.ts";
import { MessageWriter } from "../../../src/engine/buildkit/pb.ts";

const DOCKERFILE = ["FROM busybox", "WORKDIR /w", "# why", "RUN make \\", "  all", "RUN b", "RUN c", "RUN d", ""].join(
  "\n",
);

function details(...parts: readonly (readonly [string, unknown])[]): Buffer {
  const status = new MessageWriter().uint(1, 2).text(2, "failed");
  for (const [type, value] of parts) {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    status.bytes(3, new MessageWriter().text(1, type).text(2, text).finish());
  }
  return status.finish();
}

const SOURCE = {
  info: { filename: "Dockerfile", data: Buffer.from(DOCKERFILE).toString("base64") },
  // An instruction of two lines, as an engine tells it.
  ranges: [
    { start: { line: 4 }, end: { line: 4 } },
    { start: { line: 5 }, end: { line: 5 } },
  ],
};

const STEP = {
  name: "[2/5] RUN make all",
  error: "exit code: 2",
  lastLines: ["cc a.c", "\u001b[31merror\u001b[0m\u0007"],
};

const noDockerfile = (): Promise<undefined> => Promise.resolve(undefined);

test("a failed step is told with its Dockerfile lines and its last output", async () => {
  const status = details(
    ["github.com/moby/buildkit/stack.Stack+json", {}],
    ["github.com/moby/buildkit/errdefs.Source+json", SOURCE],
    ["github.com/moby/buildkit/errdefs.Vertex+json", { digest: "sha256:1" }],
    ["github.com/moby/buildkit/gatewayapi.ExitMessage+json", { Code: 2 }],
  );
  const asked: unknown[] = [];
  const failure = await buildFailure(new GrpcError(2, "process did not complete", status), {
    failedStep: (digest) => {
      asked.push(digest);
      return STEP;
    },
    dockerfile: noDockerfile,
  });
  expect(asked).toEqual(["sha256:1"]);
  expect(failure).toMatchObject({ code: "build-failed", message: "step [2/5] RUN make all failed with exit code 2" });
  expect(failure.facts).toEqual({
    step: "[2/5] RUN make all",
    exitCode: 2,
    source: { file: "Dockerfile", text: DOCKERFILE, ranges: [{ first: 4, last: 5 }] },
    lastLines: ["cc a.c", "error"],
  });
  expect(failure.detail).toBe(
    [
      "[2/5] RUN make all",
      "",
      "Dockerfile:4",
      "  2 | WORKDIR /w",
      "  3 | # why",
      "> 4 | RUN make \\",
      "> 5 |   all",
      "  6 | RUN b",
      "  7 | RUN c",
      "",
      "its last output:",
      "  cc a.c",
      "  error",
    ].join("\n"),
  );
});

test("without details, exit code and lines are taken from the text and the Dockerfile", async () => {
  const error = new GrpcError(
    2,
    "failed to solve with frontend dockerfile.v0: executor failed running [/bin/sh -c make]: exit code: 2",
  );
  const evidence = {
    failedStep: () => ({ ...STEP, name: "[2/5] RUN make   all", error: "" }),
    dockerfile: noDockerfile,
  };
  expect((await buildFailure(error, evidence)).facts).toMatchObject({ exitCode: 2, source: undefined });
  const dockerfile = { file: "Dockerfile", text: DOCKERFILE };
  const failure = await buildFailure(error, { ...evidence, dockerfile: () => Promise.resolve(dockerfile) });
  expect(failure.facts).toMatchObject({ exitCode: 2, source: { ...dockerfile, ranges: [{ first: 4, last: 5 }] } });
});

test("an error of no step is told in the builder's words, without its layers'", async () => {
  const error = new GrpcError(
    2,
    "failed to solve with frontend dockerfile.v0: failed to solve: rpc error: code = Unknown desc = dockerfile parse error line 3: unknown instruction: RUNN",
  );
  const failure = await buildFailure(error, { failedStep: () => undefined, dockerfile: noDockerfile });
  expect(failure.message).toBe("dockerfile parse error line 3: unknown instruction: RUNN");
  expect(failure.detail).toBeUndefined();
});

test("a step that fails before it runs is told with the reason", async () => {
  const error = new GrpcError(
    2,
    'failed to compute cache key: failed to calculate checksum of ref a::b: "/nope": not found',
  );
  const name = `[2/2] COPY nope ${"/long".repeat(40)}`;
  const failure = await buildFailure(error, {
    failedStep: () => ({ name, error: "", lastLines: [] }),
    dockerfile: noDockerfile,
  });
  expect(failure.message).toMatch(/^step \[2\/2\] COPY nope [/long]{83}… failed: "\/nope": not found$/);
  expect(failure.detail).toBe(name);
});

test("details that can't be read are none", () => {
  const nothing = { vertex: undefined, exitCode: undefined, source: undefined };
  expect(parseErrorDetails(undefined)).toEqual(nothing);
  expect(parseErrorDetails(Buffer.from("not a message"))).toEqual(nothing);
  const odd = details(
    ["errdefs.Source+json", "{"],
    ["errdefs.Source+json", { info: { filename: 3 } }],
    ["errdefs.Vertex+json", "7"],
  );
  expect(parseErrorDetails(odd)).toEqual(nothing);
});
