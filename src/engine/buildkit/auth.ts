import type { Clock } from "../../std/clock.ts";
import { unary, type Method } from "./grpc-server.ts";
import { GrpcError, STATUS } from "./grpc-wire.ts";
import { PATIENCE, within } from "./patience.ts";
import { fields, MessageWriter } from "./pb.ts";

/** Who pulls or pushes at a registry; a user name of "" says that the secret is an identity token. */
export interface Credentials {
  readonly username: string;
  readonly secret: string;
}

/** Finds the credentials of the registry that the builder asks for, by its host (Docker Hub is `registry-1.docker.io`). */
export type CredentialsOf = (host: string) => Promise<Credentials | undefined>;

/** `Auth.Credentials`: the credentials of exactly the host that was asked for; an empty answer where there are none. */
export function credentials(credentialsOf: CredentialsOf, clock: Clock): Method {
  return unary(async (request) => {
    const host = requestedHost(request);
    const found = await within(credentialsOf(host), {
      clock,
      milliseconds: PATIENCE.credentials,
      late: () => new GrpcError(STATUS.unknown, `finding the credentials of ${host} took too long`),
    });
    const answer = new MessageWriter();
    if (found) answer.text(1, found.username).text(2, found.secret);
    return answer.finish();
  });
}

function requestedHost(request: Uint8Array): string {
  for (const field of fields(request)) {
    if (field.kind === "bytes" && field.number === 1) return field.value.toString("utf8");
  }
  throw new GrpcError(STATUS.invalidArgument, "request without a host");
}
