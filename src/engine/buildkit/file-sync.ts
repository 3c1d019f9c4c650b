import { FileTransfer } from "./file-transfer.ts";
import type { Method, ServerCall } from "./grpc-server.ts";
import { GrpcError, STATUS } from "./grpc-wire.ts";
import type { LocalSource, SourceFilter } from "./source.ts";

/** The sources that a build offers by name, and where its own failures are told. */
export interface FileSync {
  readonly sources: Readonly<Record<string, LocalSource>>;
  /** Called with what a source threw: the builder only hears of it as text. */
  readonly onFailure: (error: unknown) => void;
}

/**
 * `FileSync.DiffCopy`: sends the entries of a declared directory, then the content of the files that the builder asks
 * for. Any name that the build did not declare is not found.
 */
export function diffCopy({ sources, onFailure }: FileSync): Method {
  return async (call) => {
    const name = call.metadata("dir-name")[0] ?? "";
    const source = Object.hasOwn(sources, name) ? sources[name] : undefined;
    if (!source) throw new GrpcError(STATUS.notFound, `no access allowed to dir ${JSON.stringify(name)}`);
    try {
      await new FileTransfer(call, source).run(sourceFilter(call));
    } catch (error) {
      // Those are the other end's doing.
      if (!(error instanceof GrpcError)) onFailure(error);
      throw error;
    }
  };
}

/** The filter that the call's headers carry. */
function sourceFilter(call: Pick<ServerCall, "metadata">): SourceFilter {
  return {
    include: patterns(call, "include-patterns"),
    exclude: patterns(call, "exclude-patterns"),
    followPaths: patterns(call, "followpaths"),
  };
}

/** Engines from 25 on escape all values of a header of which one is not ASCII, as in a query; older ones send UTF-8. */
function patterns(call: Pick<ServerCall, "metadata">, name: string): readonly string[] {
  const values = call.metadata(name);
  return call.metadata(`${name}-encoded`)[0] === "1"
    ? values.map((value) => decodeURIComponent(value.replaceAll("+", " ")))
    : values.map((value) => Buffer.from(value, "latin1").toString("utf8"));
}
