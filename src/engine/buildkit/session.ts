import { randomBytes } from "node:crypto";
import type { Duplex } from "node:stream";
import type { Clock } from "../../std/clock.ts";
import type { HijackHeaders } from "../engine.ts";
import { credentials, type CredentialsOf } from "./auth.ts";
import type { BuildOutputRequest } from "./build-request.ts";
import { contentMethods } from "./content.ts";
import type { ContentStore } from "./content-store.ts";
import { fileSendMethods } from "./file-send.ts";
import { diffCopy, type FileSync } from "./file-sync.ts";
import { serveGrpc, unary, type GrpcServer, type Method } from "./grpc-server.ts";
import { MessageWriter } from "./pb.ts";
import { secretMethods } from "./secrets.ts";
import { sshMethods } from "./ssh.ts";

/** What a session serves to the builder while a build runs. */
export interface SessionOffer extends FileSync {
  /** Names the engine's copy of the sources that the next build with the same key may start from. */
  readonly sharedKey: string;
  readonly credentialsOf: CredentialsOf;
  readonly secrets: Readonly<Record<string, () => Promise<Uint8Array>>>;
  /** Paths of agents' sockets by id. */
  readonly ssh: Readonly<Record<string, string>>;
  /** Directories of blobs by id. */
  readonly contents: Readonly<Record<string, ContentStore>>;
  /** Takes the result; undefined where it stays on the engine. */
  readonly output: BuildOutputRequest | undefined;
  /** Called at every call except health checks. */
  readonly onUse: () => void;
  readonly clock: Clock;
}

/** A session that is ready to be dialed: its headers for `POST /session`, then the socket that this gave. */
export interface Session {
  readonly id: string;
  readonly headers: HijackHeaders;
  serve(socket: Duplex): GrpcServer;
}

const SERVING = 1;

/** Makes a session with a new id. The engine asks for its health every few seconds and drops it when that fails. */
export function makeSession(offer: SessionOffer): Session {
  const id = randomBytes(16).toString("hex");
  const used = new Map<string, Method>([
    ["/moby.filesync.v1.FileSync/DiffCopy", diffCopy(offer)],
    ["/moby.filesync.v1.Auth/Credentials", credentials(offer.credentialsOf, offer.clock)],
    ...(Object.keys(offer.secrets).length === 0 ? [] : secretMethods(offer.secrets)),
    ...(Object.keys(offer.ssh).length === 0 ? [] : sshMethods(offer.ssh)),
    ...(Object.keys(offer.contents).length === 0 ? [] : contentMethods(offer.contents)),
    ...(offer.output ? fileSendMethods(offer.output, offer.onFailure) : []),
  ]);
  const methods = new Map<string, Method>([
    ["/grpc.health.v1.Health/Check", unary(() => Promise.resolve(new MessageWriter().uint(1, SERVING).finish()))],
  ]);
  for (const [path, method] of used) {
    methods.set(path, async (call) => {
      offer.onUse();
      await method(call);
    });
  }
  return {
    id,
    headers: {
      "X-Docker-Expose-Session-Uuid": id,
      "X-Docker-Expose-Session-Name": "dock",
      "X-Docker-Expose-Session-Sharedkey": offer.sharedKey,
      // The builder uses a service only when its methods are announced, one header line each.
      "X-Docker-Expose-Session-Grpc-Method": [...methods.keys()],
    },
    serve: (socket) => serveGrpc(socket, methods),
  };
}
