import { once } from "node:events";
import type { Socket } from "node:net";
import { onTestFinished } from "vitest";
import type { Hijack } from "../../../src/engine/buildkit/builder.ts";
import { openGrpcClient, type GrpcClient } from "../../../src/engine/buildkit/grpc-client.ts";
import { serveGrpc, unary, type GrpcServer, type ServerCall } from "../../../src/engine/buildkit/grpc-server.ts";
import { frame } from "../../../src/engine/buildkit/grpc-wire.ts";
import { MessageWriter } from "../../../src/engine/buildkit/pb.ts";
import { deferred, type Deferred } from "../../../src/std/deferred.ts";
import { socketPair } from "./socket-pair.ts";
import { statusMessage, type StatusData } from "./status-messages.ts";

/** A builder that a test drives: what it is asked for, and how it answers. */
export interface FakeBuilder {
  readonly hijack: Hijack;
  /** Headers of each dial, by path. */
  readonly dialed: Map<string, Readonly<Record<string, string | readonly string[]>>>;
  /** The engine's end of the session. */
  readonly session: Promise<GrpcClient>;
  /** The engine's end of the control connection. */
  readonly control: Promise<GrpcServer>;
  readonly solve: Promise<ServerCall>;
  readonly status: Promise<ServerCall>;
  /** The engine's sockets, to be broken or paused. */
  readonly sockets: Socket[];
}

/** How the builder answers `Solve` and `Status`; each is called once the call has come. */
export interface Answers {
  readonly solve?: (builder: FakeBuilder, call: ServerCall) => Promise<void>;
  readonly status?: (builder: FakeBuilder, call: ServerCall) => Promise<void>;
  /** Answers of the service that asks a frontend, by method name. */
  readonly bridge?: Readonly<Record<string, (builder: FakeBuilder, call: ServerCall) => Promise<void>>>;
  readonly workerLabels?: readonly (readonly [string, string])[];
}

/** Answers nothing until the caller gives up. */
export async function hang(call: ServerCall): Promise<void> {
  if (!call.signal.aborted) await once(call.signal, "abort");
}

export const IMAGE_ID = `sha256:${"5".repeat(64)}`;

/** Ends a solve with an image. */
export async function succeed(call: ServerCall): Promise<void> {
  await call.write(frame(new MessageWriter().map(1, [["containerimage.digest", IMAGE_ID]]).finish()));
}

export async function tell(call: ServerCall, status: StatusData): Promise<void> {
  await call.write(frame(statusMessage(status)));
}

export function fakeBuilder(answers: Answers): FakeBuilder {
  const session = deferred<GrpcClient>();
  const control = deferred<GrpcServer>();
  const solve = deferred<ServerCall>();
  const status = deferred<ServerCall>();
  const answer =
    (called: Deferred<ServerCall>, act: Answers["solve"]) =>
    async (call: ServerCall): Promise<void> => {
      called.resolve(call);
      await (act ? act(builder, call) : hang(call));
    };
  const builder: FakeBuilder = {
    dialed: new Map(),
    session: session.promise,
    control: control.promise,
    solve: solve.promise,
    status: status.promise,
    sockets: [],
    hijack: async (path, headers) => {
      builder.dialed.set(path, headers);
      const [near, far] = await socketPair();
      builder.sockets.push(far);
      if (path === "/session") {
        const client = openGrpcClient(far);
        session.resolve(client);
        onTestFinished(() => client.close());
      } else {
        const methods = new Map([
          ["/moby.buildkit.v1.Control/Solve", answer(solve, answers.solve)],
          ["/moby.buildkit.v1.Control/Status", answer(status, answers.status)],
          ...Object.entries(answers.bridge ?? {}).map(
            ([name, act]) =>
              [
                `/moby.buildkit.v1.frontend.LLBBridge/${name}`,
                (call: ServerCall): Promise<void> => act(builder, call),
              ] as const,
          ),
          ["/moby.buildkit.v1.Control/ListWorkers", unary(() => Promise.resolve(workers(answers.workerLabels ?? [])))],
        ]);
        const server = serveGrpc(far, methods);
        control.resolve(server);
        onTestFinished(() => server.close());
      }
      return near;
    },
  };
  return builder;
}

function workers(labels: Iterable<readonly [string, string]>): Buffer {
  return new MessageWriter().bytes(1, new MessageWriter().text(1, "id").map(2, labels).finish()).finish();
}
