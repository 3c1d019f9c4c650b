import { frame, GrpcError, STATUS } from "./grpc-wire.ts";
import type { BuildResultSink } from "./file-send.ts";
import type { ServerCall } from "./grpc-server.ts";
import { parseSenderPacket } from "./received-entry.ts";
import { finishedPacket, requestPacket } from "./transfer-packet.ts";

/**
 * The receiving side of a transfer: asks for every file and hands everything to the sink in the order it comes. Rejects
 * with what the sink threw, or with the sender's reason.
 */
export async function receiveTree(call: ServerCall, sink: BuildResultSink): Promise<void> {
  const open = new Map<number, string>();
  let next = 0;
  let listed = false;
  const finishWhenDone = async (): Promise<void> => {
    if (!listed || open.size > 0) return;
    await sink.done();
    await call.write(frame(finishedPacket()));
  };
  for await (const message of call.messages) {
    const packet = parseSenderPacket(message);
    switch (packet.kind) {
      case "stat": {
        const id = next;
        next += 1;
        await sink.entry(packet.entry);
        if (packet.entry.kind !== "file") break;
        open.set(id, packet.entry.path);
        await call.write(frame(requestPacket(id)));
        break;
      }
      case "end-of-stats":
        listed = true;
        await finishWhenDone();
        break;
      case "data": {
        const path = open.get(packet.id);
        if (path === undefined) throw new GrpcError(STATUS.invalidArgument, `invalid file id ${packet.id}`);
        if (packet.data.length > 0) {
          await sink.data(path, packet.data);
          break;
        }
        open.delete(packet.id);
        await sink.end(path);
        await finishWhenDone();
        break;
      }
      case "error":
        throw new GrpcError(STATUS.canceled, packet.message);
      case "finished":
        return;
    }
  }
  if (!call.signal.aborted) throw new GrpcError(STATUS.canceled, "transfer ended before it was finished");
}
