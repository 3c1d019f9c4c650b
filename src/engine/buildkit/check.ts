import { DockError } from "../../error.ts";
import type { BuildRequest } from "./build-request.ts";
import { type BuildRun, type Hijack, withBuilder } from "./builder.ts";
import { bridgeMethod, emptySolveRequest, lintRequest, parseBridgeResult, returnRequest } from "./check-message.ts";
import { BuildFailure } from "./failure.ts";
import type { GrpcClient, TaggedMethod } from "./grpc-client.ts";
import { type LintReport, parseLintReport } from "./lint-report.ts";
import { type Solve, type SolveRun, startAsking } from "./solve.ts";
import { CONTROL } from "./solve-message.ts";

/**
 * What the checks of the Dockerfile's frontend say about it; nothing is built and nothing is kept. Rejects with
 * `not-supported` when the frontend has no checks or there is no BuildKit, else as `build` does.
 */
export async function check(hijack: Hijack, request: BuildRequest, run: BuildRun): Promise<LintReport> {
  try {
    return await withBuilder(hijack, { request, start: startCheck }, run);
  } catch (error) {
    throw error instanceof BuildFailure && hasNoChecks(error) ? withoutChecks(error) : error;
  }
}

function startCheck(client: GrpcClient, request: BuildRequest, run: SolveRun): Solve<LintReport> {
  return startAsking(client, { request, ask: () => askToCheck(client, request, run) }, run);
}

async function askToCheck(client: GrpcClient, request: BuildRequest, run: SolveRun): Promise<LintReport> {
  const enough = new AbortController();
  const signal = AbortSignal.any([run.signal, enough.signal]);
  const ask = (method: string | TaggedMethod, message: Uint8Array): Promise<Buffer> =>
    lastAnswer(client.call(method, message, signal));
  // It lasts until the bridge is told the result; what ends it earlier ends the check.
  const solve = ask(CONTROL.solve, emptySolveRequest(run));
  const answer = async (): Promise<LintReport> => {
    const result = parseBridgeResult(await ask(bridgeMethod("Solve", run.ref), lintRequest(request)));
    const report = parseLintReport(result.get("result.json") ?? "");
    if (!report) throw withoutChecks(undefined);
    await ask(bridgeMethod("Return", run.ref), returnRequest());
    await solve;
    return report;
  };
  try {
    return await Promise.race([answer(), solve.then(() => new Promise<never>(() => undefined))]);
  } finally {
    run.onSign();
    // Nobody else would end a build that waits for a result.
    enough.abort();
  }
}

async function lastAnswer(answers: AsyncIterable<Buffer>): Promise<Buffer> {
  let last: Buffer = Buffer.alloc(0);
  for await (const answer of answers) last = answer;
  return last;
}

/** Frontends say so themselves: builders before Engine 27, and images that a `# syntax=` line names. */
function hasNoChecks(error: BuildFailure): boolean {
  return /unsupported (?:request|frontend capability)/i.test(error.message);
}

function withoutChecks(cause: unknown): DockError {
  return new DockError("not-supported", "this engine's builder does not check Dockerfiles", {
    hint: "use Docker Engine 27 or newer, or begin the Dockerfile with `# syntax=docker/dockerfile:1`, which the builder then fetches",
    cause,
  });
}
