import type { Clock } from "../../std/clock.ts";
import type { Credentials } from "../auth.ts";
import { unary, type Method } from "./grpc-server.ts";
import { GrpcError, STATUS } from "./grpc-wire.ts";
import { PATIENCE, within } from "./patience.ts";
import { fields, MessageWriter } from "./pb.ts";

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
    // No user name says that the secret is an identity token.
    if (found?.identityToken !== undefined) answer.text(2, found.identityToken);
    else if (found) answer.text(1, found.username).text(2, found.password);
    return answer.finish();
  });
}

function requestedHost(request: Uint8Array): string {
  for (const field of fields(request)) {
    if (field.kind === "bytes" && field.number === 1) return field.value.toString("utf8");
  }
  throw new GrpcError(STATUS.invalidArgument, "request without a host");
}
