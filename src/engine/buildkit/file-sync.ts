import { Semaphore } from "../../std/semaphore.ts";
import { deferred } from "../../std/deferred.ts";
import type { Method, ServerCall } from "./grpc-server.ts";
import { GrpcError, STATUS } from "./grpc-wire.ts";
import { Outbox } from "./outbox.ts";
import type { LocalSource, SourceEntry, SourceFilter } from "./source.ts";
import { assertFollows, type Place, START } from "./transfer-order.ts";
import { dataPacketHead, endOfStats, errorPacket, finishedPacket, parsePacket, statPacket } from "./transfer-packet.ts";

/** The sources that a build offers by name, and where its own failures are told. */
export interface FileSync {
  readonly sources: Readonly<Record<string, LocalSource>>;
  /** Called with what a source threw: the builder only hears of it as text. */
  readonly onFailure: (error: unknown) => void;
}

/** Large enough for throughput, small enough for other files, and the health check, to get through in between. */
const CHUNK = 128 * 1024;

/** Files that are read at once: small ones cost mostly the wait for the disk's thread. */
const READERS = 8;

/**
 * `FileSync.DiffCopy`: sends the entries of a declared directory, then the content of the files that the builder asks
 * for. Any name that the build did not declare is not found.
 */
export function diffCopy({ sources, onFailure }: FileSync): Method {
  return async (call) => {
    const name = call.metadata("dir-name")[0] ?? "";
    const source = Object.hasOwn(sources, name) ? sources[name] : undefined;
    if (!source) throw new GrpcError(STATUS.notFound, `no access allowed to dir ${JSON.stringify(name)}`);
    const outbox = new Outbox(call);
    try {
      await transfer(call, source, outbox);
    } catch (error) {
      if (call.signal.aborted) return;
      if (!(error instanceof GrpcError)) onFailure(error);
      await outbox.send(errorPacket(error instanceof Error ? error.message : String(error)));
      await outbox.flushed();
      throw error;
    }
  };
}

/** The walk, the reads and the builder's requests go on at the same time; the first of them to fail ends the transfer. */
async function transfer(call: ServerCall, source: LocalSource, outbox: Outbox): Promise<void> {
  const requestable = new Map<number, string>();
  const failure = deferred<never>();
  const readers = new Semaphore(READERS);
  let ended = false;

  const walk = async (): Promise<void> => {
    let id = 0;
    let place: Place = START;
    for await (const entry of source.entries(sourceFilter(call))) {
      if (ended || call.signal.aborted) return;
      place = assertFollows(place, entry);
      if (hasContent(entry)) requestable.set(id, entry.path);
      id += 1;
      await outbox.send(statPacket(entry));
    }
    await outbox.send(endOfStats());
  };

  const send = async (id: number, path: string): Promise<void> => {
    if (ended || call.signal.aborted) return;
    for await (const chunk of source.read(path)) {
      if (ended || call.signal.aborted) return;
      for (let at = 0; at < chunk.length; at += CHUNK) {
        const piece = chunk.subarray(at, at + CHUNK);
        await outbox.send(dataPacketHead(id, piece.length), piece);
      }
    }
    await outbox.send(dataPacketHead(id, 0));
  };

  const serve = async (): Promise<void> => {
    for await (const message of call.messages) {
      const packet = parsePacket(message);
      if (packet?.kind === "error") throw new GrpcError(STATUS.canceled, packet.message);
      if (packet?.kind === "finished") return;
      if (packet?.kind !== "request") continue;
      const path = requestable.get(packet.id);
      if (path === undefined) throw new GrpcError(STATUS.invalidArgument, `invalid file id ${packet.id}`);
      requestable.delete(packet.id);
      readers.run(() => send(packet.id, path)).catch(failure.reject);
    }
    if (!call.signal.aborted) throw new GrpcError(STATUS.canceled, "transfer ended before it was finished");
  };

  try {
    const walked = walk();
    walked.catch(failure.reject);
    await Promise.race([serve(), failure.promise]);
    if (call.signal.aborted) return;
    // The builder finishes only when it has everything, so this waits for nothing but a walk that nobody needed.
    await walked;
    await outbox.send(finishedPacket());
    await outbox.flushed();
  } finally {
    ended = true;
  }
}

function hasContent(entry: SourceEntry): boolean {
  return entry.kind === "file" && entry.hardLinkTo === undefined;
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
