import { expect, test } from "vitest";
import { check } from "../../../src/engine/buildkit/check.ts";
import type { ServerCall } from "../../../src/engine/buildkit/grpc-server.ts";
import { frame, GrpcError } from "../../../src/engine/buildkit/grpc-wire.ts";
import { parseLintReport } from "../../../src/engine/buildkit/lint-report.ts";
import { fields, MessageWriter } from "../../../src/engine/buildkit/pb.ts";
import { stringMap } from "../../../src/engine/buildkit/solve-message.ts";
import { deferred } from "../../../src/std/deferred.ts";
import { type Answers, fakeBuilder, type FakeBuilder, hang } from "./fake-builder.ts";
import { plainRequest } from "./rig.ts";

const never = new AbortController().signal;
const REPORT = {
  warnings: [
    {
      ruleName: "UndefinedVar",
      description: "Variables should be defined before their use",
      url: "https://rules.test/undefined-var/",
      detail: "Usage of undefined variable '$BAR'",
      location: { ranges: [{ start: { line: 7 }, end: { line: 8 } }] },
    },
    { ruleName: "FromAsCasing", detail: "casing", location: { ranges: [{ start: { line: 1 }, end: { line: 1 } }] } },
  ],
};

async function message(call: ServerCall): Promise<Buffer> {
  for await (const one of call.messages) return one;
  throw new Error("no message");
}

/** The answer of a frontend: texts by name. */
function result(texts: Readonly<Record<string, string>>): Buffer {
  const inner = new MessageWriter().map(10, Object.entries(texts)).finish();
  return frame(new MessageWriter().bytes(3, inner).finish());
}

/** A builder whose frontend answers with `json`, and which ends the build when it is told the result. */
function linter(json: string): { readonly builder: FakeBuilder; readonly asked: Record<string, unknown> } {
  const returned = deferred<void>();
  const asked: Record<string, unknown> = {};
  const answers: Answers = {
    solve: async (_, call) => {
      asked["solve"] = [...fields(await message(call))].map(({ number }) => number);
      await returned.promise;
      await call.write(frame(Buffer.alloc(0)));
    },
    status: (self) => Promise.race([returned.promise, solveEnd(self)]),
    bridge: {
      Solve: async (_, call) => {
        asked["build"] = call.metadata("buildkit-controlapi-buildid");
        const request = await message(call);
        asked["attributes"] = Object.fromEntries(stringMap(request, 3));
        await call.write(result({ "result.json": json }));
      },
      Return: async (_, call) => {
        await message(call);
        returned.resolve();
        await call.write(frame(Buffer.alloc(0)));
      },
    },
  };
  return { builder: fakeBuilder(answers), asked };
}

const run = (builder: FakeBuilder) =>
  check(builder.hijack, plainRequest({ sources: {}, target: "run", tags: ["app:1"] }), {
    emit: () => undefined,
    signal: never,
  });

test("a check asks the frontend for remarks inside a build that makes nothing, and ends that", async () => {
  const { builder, asked } = linter(JSON.stringify(REPORT));
  expect(await run(builder)).toEqual({
    findings: [
      { rule: "FromAsCasing", message: "casing", description: "", url: "", lines: { first: 1, last: 1 } },
      {
        rule: "UndefinedVar",
        message: "Usage of undefined variable '$BAR'",
        description: "Variables should be defined before their use",
        url: "https://rules.test/undefined-var/",
        lines: { first: 7, last: 8 },
      },
    ],
    error: undefined,
  });
  // Neither an exporter nor a frontend of the build itself: there is nothing to keep and nothing to run.
  expect(asked["solve"]).toEqual([1, 5]);
  expect(asked["build"]).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/)]);
  expect(asked["attributes"]).toMatchObject({
    requestid: "frontend.lint",
    "frontend.caps": "moby.buildkit.frontend.subrequests+forward",
    target: "run",
    filename: "Dockerfile",
  });
});

test.each([
  ["does not know the request", "unsupported request frontend.lint"],
  ["knows no requests", "failed to solve: unsupported frontend capability moby.buildkit.frontend.subrequests"],
])("a frontend that %s is refused with what to do, at once", async (_, text) => {
  const builder = fakeBuilder({
    bridge: { Solve: () => Promise.reject(new GrpcError(2, text)) },
    status: (self) => solveEnd(self),
  });
  await expect(run(builder)).rejects.toMatchObject({
    code: "not-supported",
    message: "this engine's builder does not check Dockerfiles",
    hint: expect.stringContaining("# syntax=") as string,
  });
});

test("an answer that is no report is a frontend without checks; the build is ended without a result", async () => {
  const { builder } = linter("no json");
  const ended = builder.solve.then(hang);
  await expect(run(builder)).rejects.toMatchObject({ code: "not-supported" });
  await ended;
});

test("another error of the builder is told as it is", async () => {
  const builder = fakeBuilder({
    bridge: { Solve: () => Promise.reject(new GrpcError(2, "failed to solve: no disk")) },
    status: (self) => solveEnd(self),
  });
  await expect(run(builder)).rejects.toMatchObject({ code: "build-failed", message: "no disk" });
});

/** A build's progress ends with the build. */
async function solveEnd(builder: FakeBuilder): Promise<void> {
  await hang(await builder.solve);
}

test("why a build would not start is read from a report without warnings", () => {
  const location = { ranges: [{ start: { line: 2 }, end: { line: 2 } }] };
  const report = { warnings: null, buildError: { message: "unknown instruction: FRM", location } };
  expect(parseLintReport(JSON.stringify(report))).toEqual({
    findings: [],
    error: { message: "unknown instruction: FRM", lines: { first: 2, last: 2 } },
  });
  expect(parseLintReport('{"warnings": 1}')).toBeUndefined();
});
