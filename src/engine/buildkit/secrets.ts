import { unary, type Method } from "./grpc-server.ts";
import { GrpcError, STATUS } from "./grpc-wire.ts";
import { fields, MessageWriter } from "./pb.ts";

/**
 * `Secrets.GetSecret`: the content of exactly the secrets that the build declares. Any other id is not found, which the
 * builder also expects as the answer to its own questions for git and http credentials.
 */
export function secretMethods(secrets: Readonly<Record<string, () => Promise<Uint8Array>>>): [string, Method][] {
  const get = unary(async (request) => {
    const id = requestedId(request);
    const read = Object.hasOwn(secrets, id) ? secrets[id] : undefined;
    if (!read) throw new GrpcError(STATUS.notFound, `no secret ${JSON.stringify(id)}`);
    return new MessageWriter().bytes(1, await read()).finish();
  });
  return [["/moby.buildkit.secrets.v1.Secrets/GetSecret", get]];
}

/** The one text of a request: field 1. */
export function requestedId(request: Uint8Array): string {
  for (const field of fields(request))
    if (field.kind === "bytes" && field.number === 1) return field.value.toString("utf8");
  return "";
}
