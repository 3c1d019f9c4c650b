import { randomBytes } from "node:crypto";
import type { Duplex } from "node:stream";
import { DockError } from "../../error.ts";
import { systemClock, type Clock } from "../../std/clock.ts";
import { deferred } from "../../std/deferred.ts";
import type { Engine, HijackHeaders } from "../engine.ts";
import type { BuildEvent } from "./build-event.ts";
import type { BuildRequest } from "./build-request.ts";
import { connectionLost, openGrpcClient, type GrpcClient } from "./grpc-client.ts";
import type { GrpcServer } from "./grpc-server.ts";
import { engineSilent, PATIENCE, settled, watchOver, within } from "./patience.ts";
import { makeSession } from "./session.ts";
import { resolveHostGateway, startSolve, type Solve, type SolveRun } from "./solve.ts";
import { imageIdOf } from "./solve-message.ts";

/** Opens a connection of one's own to the engine; the signal that it is given is used to give up the opening only. */
export type Hijack = Engine["hijack"];

/** What came out of a build. */
export interface BuildResult {
  /** `sha256:…`, the id that the engine knows the image by; empty where the result was sent here instead. */
  readonly imageId: string;
  /** How the build cache that was written is found again: the descriptor of its manifest, as JSON. */
  readonly cacheManifest?: string;
}

/** What a build needs while it runs. */
export interface BuildRun {
  readonly emit: (event: BuildEvent) => void;
  readonly signal: AbortSignal;
  /** The machine's clock unless a test says otherwise. */
  readonly clock?: Clock;
}

/**
 * Builds an image with the engine's BuildKit. Rejects with `BuildFailure` when the build fails, with `engine-broken`
 * when the engine goes away or falls silent, with `not-supported` when it has no BuildKit, with a source's own error,
 * and with the signal's reason when it aborts; by then the build is stopped and its connections are closed.
 */
export async function build(hijack: Hijack, request: BuildRequest, run: BuildRun): Promise<BuildResult> {
  const response = await withBuilder(hijack, { request, start: startSolve }, run);
  const cacheManifest = response.get("cache.manifest");
  return {
    imageId: request.output ? "" : imageIdOf(response),
    ...(cacheManifest === undefined ? {} : { cacheManifest }),
  };
}

/** What the builder is asked for, once it is connected. */
export interface Question<T> {
  /** Says also what the session serves. */
  readonly request: BuildRequest;
  readonly start: (client: GrpcClient, request: BuildRequest, run: SolveRun) => Solve<T>;
}

/** Connects to the engine's BuildKit, asks, and gives its answer; everything else as `build` does. */
export async function withBuilder<T>(hijack: Hijack, { request, start }: Question<T>, run: BuildRun): Promise<T> {
  const clock = run.clock ?? systemClock;
  const firstSign = deferred<void>();
  const sourceFailure = deferred<never>();
  // A source may fail before anything waits for it.
  sourceFailure.promise.catch(() => undefined);
  const session = makeSession({
    sources: request.sources,
    sharedKey: request.sharedKey,
    credentialsOf: request.credentials,
    secrets: request.secrets,
    ssh: request.ssh,
    contents: request.contents,
    output: request.output,
    onUse: firstSign.resolve,
    onFailure: (error) => sourceFailure.reject(sourceError(error)),
    clock,
  });
  const stop = new AbortController();
  const signal = AbortSignal.any([run.signal, stop.signal]);
  const dialing = { hijack, clock, signal };
  let server: GrpcServer | undefined;
  let client: GrpcClient | undefined;
  try {
    server = session.serve(await dial(dialing, "/session", session.headers));
    client = openGrpcClient(await dial(dialing, "/grpc", {}));
    const resolved = await resolveHostGateway(client, request, { clock, signal });
    const solve = start(client, resolved, {
      ref: randomBytes(16).toString("hex"),
      session: session.id,
      emit: run.emit,
      onSign: firstSign.resolve,
      clock,
      signal,
    });
    try {
      return await Promise.race([
        solve.response,
        sourceFailure.promise,
        lost(server.closed),
        lost(client.closed),
        watchOver(server.connection, clock, signal),
        watchOver(client.connection, clock, signal),
        mustShow(firstSign.promise, clock),
      ]);
    } finally {
      stop.abort();
      // The builder ends the progress when the build is gone, also one that was canceled.
      await settled(solve.gone, { clock, milliseconds: PATIENCE.canceled });
    }
  } catch (error) {
    run.signal.throwIfAborted();
    throw error;
  } finally {
    stop.abort();
    firstSign.resolve();
    server?.close();
    await client?.close();
  }
}

async function dial(
  { hijack, clock, signal }: { readonly hijack: Hijack; readonly clock: Clock; readonly signal: AbortSignal },
  path: string,
  headers: HijackHeaders,
): Promise<Duplex> {
  signal.throwIfAborted();
  // Not the build's signal: it would drop the connection at once, before the engine is told to stop the build.
  const giveUp = new AbortController();
  const forward = (): void => giveUp.abort(signal.reason);
  signal.addEventListener("abort", forward);
  const socket = hijack(path, { Upgrade: "h2c", ...headers }, giveUp.signal);
  try {
    return await within(socket, {
      clock,
      milliseconds: PATIENCE.dial,
      late: () => engineSilent(`has not answered POST ${path}`, PATIENCE.dial),
    });
  } catch (error) {
    giveUp.abort(error);
    // One that comes too late has no other owner.
    socket.then(
      (unwanted) => unwanted.destroy(),
      () => undefined,
    );
    throw withoutBuildKit(error, path);
  } finally {
    signal.removeEventListener("abort", forward);
  }
}

/** Engines that don't know the path (Podman, those before 19.03), and proxies that don't let it through. */
function withoutBuildKit(error: unknown, path: string): unknown {
  if (!(error instanceof DockError) || ![403, 404, 405, 501].includes(error.status ?? 0)) return error;
  return new DockError("not-supported", `the engine does not let dock reach its BuildKit (${error.message})`, {
    hint: `images are built with Docker Engine 20.10 or later; a proxy in front of it must let POST ${path} through`,
    cause: error,
    ...(error.status === undefined ? {} : { status: error.status }),
  });
}

async function lost(closed: Promise<void>): Promise<never> {
  await closed;
  throw connectionLost();
}

/** Rejects when a build that was asked for has shown nothing in time; never resolves. */
async function mustShow(sign: Promise<void>, clock: Clock): Promise<never> {
  await within(sign, {
    clock,
    milliseconds: PATIENCE.firstSign,
    late: () => engineSilent("has shown no sign of the build", PATIENCE.firstSign),
  });
  return new Promise<never>(() => undefined);
}

/** A directory that can't be read is the user's to mend; anything else that a source throws is passed on as it is. */
function sourceError(error: unknown): unknown {
  if (error instanceof Error && !(error instanceof DockError) && "syscall" in error) {
    return new DockError("operation-failed", `could not read what the build needs: ${error.message}`, { cause: error });
  }
  return error;
}
