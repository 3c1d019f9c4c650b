import type { BuildOutputRequest } from "./build-request.ts";
import { readBytesMessage } from "./bytes-message.ts";
import { receiveTree } from "./file-receive.ts";
import type { Method, ServerCall } from "./grpc-server.ts";
import { GrpcError } from "./grpc-wire.ts";
import type { ReceivedEntry } from "./received-entry.ts";

/** Takes a build's result where it is to go. What it throws is the build's failure. */
export interface BuildResultSink {
  /** An entry of a directory; those above it came before. */
  entry(entry: ReceivedEntry): Promise<void>;
  /** The next bytes: of the file at a path of the directory, or of the one file that the result is. */
  data(path: string, chunk: Uint8Array): Promise<void>;
  /** The end of the file at a path of the directory, or of the one file that the result is. */
  end(path: string): Promise<void>;
  /** All of a directory was sent. */
  done(): Promise<void>;
}

/** `FileSend.DiffCopy`: the builder sends the result, a directory as a transfer of files, everything else as one stream. */
export function fileSendMethods(
  { kind, sink }: BuildOutputRequest,
  onFailure: (error: unknown) => void,
): [string, Method][] {
  const receive: Method = async (call) => {
    try {
      if (kind === "local") await receiveTree(call, sink);
      else await receiveStream(call, sink);
    } catch (error) {
      if (!(error instanceof GrpcError)) onFailure(error);
      throw error;
    }
  };
  return [["/moby.filesync.v1.FileSend/DiffCopy", receive]];
}

async function receiveStream(call: ServerCall, sink: BuildResultSink): Promise<void> {
  for await (const message of call.messages) await sink.data("", readBytesMessage(message));
  // A call that was given up has sent a part only.
  if (!call.signal.aborted) await sink.end("");
}
