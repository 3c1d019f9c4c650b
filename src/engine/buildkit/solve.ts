import { DockError } from "../../error.ts";
import type { Clock } from "../../std/clock.ts";
import type { BuildEvent } from "./build-event.ts";
import type { BuildRequest } from "./build-request.ts";
import { parseErrorDetails } from "./error-details.ts";
import { buildFailure, type Dockerfile } from "./failure.ts";
import type { GrpcClient } from "./grpc-client.ts";
import { GrpcError, STATUS } from "./grpc-wire.ts";
import { engineSilent, PATIENCE, settled, within } from "./patience.ts";
import { MalformedMessage } from "./pb.ts";
import { Progress } from "./progress.ts";
import {
  CONTROL,
  DOCKERFILE,
  parseSolveResponse,
  parseWorkerLabels,
  solveRequest,
  statusRequest,
} from "./solve-message.ts";

/** What a solve needs beside what is to be built. */
export interface SolveRun {
  /** A new name for this build. */
  readonly ref: string;
  /** Id of the session that serves the sources. */
  readonly session: string;
  readonly emit: (event: BuildEvent) => void;
  /** Called when the engine says something about the build. */
  readonly onSign: () => void;
  readonly clock: Clock;
  /** Cancels the build; its progress is still followed to its end. */
  readonly signal: AbortSignal;
}

/** A build, or something else that the builder was asked for, that is under way. */
export interface Solve<T> {
  /** The builder's answer, when all progress has been told; rejects with what ended the build. */
  readonly response: Promise<T>;
  /** Settles when the engine has nothing more to tell about the build. Rejects only with what `emit` threw. */
  readonly gone: Promise<void>;
}

/** Asks the engine for a build and follows it; the answer is what the exporters say. */
export function startSolve(
  client: GrpcClient,
  request: BuildRequest,
  run: SolveRun,
): Solve<ReadonlyMap<string, string>> {
  return startAsking(client, { request, ask: () => askToSolve(client, request, run) }, run);
}

/** Asks the engine's builder in whatever way `ask` does under the run's name, and follows what it tells about that. */
export function startAsking<T>(
  client: GrpcClient,
  { request, ask }: { readonly request: BuildRequest; readonly ask: () => Promise<T> },
  run: SolveRun,
): Solve<T> {
  const progress = new Progress(run.emit);
  // The other way around, engines of old would give up waiting for a build that they don't know yet.
  const answer = ask();
  const gone = followProgress(client, progress, run);
  return { response: outcome({ answer, gone, progress, request }, run), gone };
}

interface Parts<T> {
  readonly answer: Promise<T>;
  readonly gone: Promise<void>;
  readonly progress: Progress;
  readonly request: BuildRequest;
}

async function outcome<T>({ answer, gone, progress, request }: Parts<T>, run: SolveRun): Promise<T> {
  // The failed step's last output may come after the answer.
  const progressEnd = (): Promise<void> =>
    settled(gone, { clock: run.clock, milliseconds: run.signal.aborted ? 0 : PATIENCE.lastProgress });
  try {
    const response = await Promise.race([answer, gone.then(() => answer)]);
    await progressEnd();
    return response;
  } catch (error) {
    await progressEnd();
    throw error instanceof GrpcError ? await solveError(error, { progress, request }) : error;
  }
}

async function askToSolve(
  client: GrpcClient,
  request: BuildRequest,
  run: SolveRun,
): Promise<ReadonlyMap<string, string>> {
  let response: ReadonlyMap<string, string> = new Map();
  for await (const message of client.call(CONTROL.solve, solveRequest(request, run), run.signal)) {
    response = parseSolveResponse(message);
  }
  run.onSign();
  return response;
}

/** Ends with the connection at the latest; a build goes on when its progress can't be told. */
async function followProgress(client: GrpcClient, progress: Progress, run: SolveRun): Promise<void> {
  try {
    for await (const message of client.call(CONTROL.status, statusRequest(run.ref), new AbortController().signal)) {
      run.onSign();
      progress.accept(message);
    }
    progress.flush();
    run.emit({ type: "over" });
  } catch (error) {
    // What ends the build as well is told by its own answer; a broken connection too.
    if (error instanceof GrpcError || error instanceof DockError) return;
    if (!(error instanceof MalformedMessage)) throw error;
    run.emit({ type: "warning", id: "", message: "the engine's progress can't be read", detail: [error.message] });
  } finally {
    progress.flush();
  }
}

async function solveError(
  error: GrpcError,
  { progress, request }: Pick<Parts<unknown>, "progress" | "request">,
): Promise<Error> {
  const { vertex } = parseErrorDetails(error.details);
  // With a step, these are a registry's or the step's own codes.
  if (vertex === undefined) {
    if (error.status === STATUS.unimplemented) {
      return new DockError("not-supported", "the engine has no BuildKit", { cause: error });
    }
    if (error.status === STATUS.canceled || error.status === STATUS.unavailable) {
      const hint = "the engine may be shutting down; see whether it is still running, then build again";
      return new DockError("engine-broken", `the engine gave up the build: ${error.message}`, { hint, cause: error });
    }
  }
  return buildFailure(error, {
    failedStep: (digest) => progress.failed(digest),
    dockerfile: () => sentDockerfile(request),
  });
}

async function sentDockerfile({ sources, dockerfileName: file }: BuildRequest): Promise<Dockerfile | undefined> {
  const source = sources[DOCKERFILE];
  if (!source) return undefined;
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of source.read(file)) chunks.push(chunk);
  } catch {
    // It explains an error that has been told already; a second one would only hide that.
    return undefined;
  }
  return { file, text: Buffer.concat(chunks).toString("utf8") };
}

const HOST_GATEWAY = "host-gateway";

/** The request with the engine's own address in place of `host-gateway`, which only the engine's REST interface knows. */
export async function resolveHostGateway(
  client: GrpcClient,
  request: BuildRequest,
  { clock, signal }: Pick<SolveRun, "clock" | "signal">,
): Promise<BuildRequest> {
  if (!request.extraHosts.some(({ address }) => address === HOST_GATEWAY)) return request;
  const gateway = await within(hostGateway(client, signal), {
    clock,
    milliseconds: PATIENCE.dial,
    late: () => engineSilent("has not told its builders", PATIENCE.dial),
  });
  if (gateway === undefined) {
    throw new DockError("not-supported", "this engine does not tell a builder the address behind host-gateway", {
      hint: "write the address itself in extra_hosts",
    });
  }
  const extraHosts = request.extraHosts.map(({ host, address }) => ({
    host,
    address: address === HOST_GATEWAY ? gateway : address,
  }));
  return { ...request, extraHosts };
}

async function hostGateway(client: GrpcClient, signal: AbortSignal): Promise<string | undefined> {
  let labels: ReadonlyMap<string, string> = new Map();
  for await (const message of client.call(CONTROL.listWorkers, Buffer.alloc(0), signal))
    labels = parseWorkerLabels(message);
  return labels.get("org.mobyproject.buildkit.worker.moby.host-gateway-ip");
}
