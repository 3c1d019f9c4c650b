import type { BuildRequest } from "./build-request.ts";
import type { TaggedMethod } from "./grpc-client.ts";
import { fields, MessageWriter } from "./pb.ts";
import { frontendAttributes, frontendName, sortedEntries, stringMap } from "./solve-message.ts";

/** What a Dockerfile frontend is asked for instead of a build: the remarks of its linter. */
const LINT = "frontend.lint";

/** Says that the request is no build, so that a frontend which does not know such requests refuses instead of building. */
const CAPABILITY = "moby.buildkit.frontend.subrequests+forward";

/** A method of the service that asks a frontend inside the build called `ref`. */
export function bridgeMethod(name: "Solve" | "Return", ref: string): TaggedMethod {
  return { path: `/moby.buildkit.v1.frontend.LLBBridge/${name}`, metadata: { "buildkit-controlapi-buildid": ref } };
}

/** The serialized `SolveRequest` of a build that does nothing by itself and ends with the bridge's `Return`. */
export function emptySolveRequest({ ref, session }: { readonly ref: string; readonly session: string }): Buffer {
  return new MessageWriter().text(1, ref).text(5, session).finish();
}

/** The serialized bridge request for the linter's remarks on a build's Dockerfile. */
export function lintRequest(request: BuildRequest): Buffer {
  const attributes = { ...frontendAttributes(request), requestid: LINT, "frontend.caps": CAPABILITY };
  return (
    new MessageWriter()
      .text(2, frontendName(request))
      .map(3, sortedEntries(attributes))
      // The answer is one of texts by name, which older clients did not understand.
      .uint(5, 1)
      .uint(6, 1)
      .finish()
  );
}

/** The serialized bridge request that ends the build without a result. */
export function returnRequest(): Buffer {
  return new MessageWriter().bytes(1, Buffer.alloc(0)).finish();
}

/** The texts by name in a serialized bridge answer. */
export function parseBridgeResult(message: Uint8Array): ReadonlyMap<string, string> {
  for (const field of fields(message)) {
    if (field.kind === "bytes" && field.number === 3) return stringMap(field.value, 10);
  }
  return new Map();
}
