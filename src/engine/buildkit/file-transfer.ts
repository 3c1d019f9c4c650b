import { deferred } from "../../std/deferred.ts";
import type { ServerCall } from "./grpc-server.ts";
import { GrpcError, STATUS } from "./grpc-wire.ts";
import { Outbox } from "./outbox.ts";
import type { LocalSource, SourceEntry, SourceFilter } from "./source.ts";
import { assertFollows, type Place, START } from "./transfer-order.ts";
import { dataPacketHead, endOfStats, errorPacket, finishedPacket, parsePacket, statPacket } from "./transfer-packet.ts";

/** Large enough for throughput, small enough for other files, and the health check, to get through in between. */
const CHUNK = 128 * 1024;

/** Files that are read at once: small ones cost mostly the wait for the disk's thread. */
const READERS = 8;

/**
 * The sending side of one transfer. The walk, the builder's requests and up to eight reads go on at the same time:
 *
 *     walk ──stats──▶ builder ──requests──▶ serve ──▶ readers ──data──▶ builder ──finished──▶ serve ──finished──▶
 */
export class FileTransfer {
  readonly #call: ServerCall;
  readonly #source: LocalSource;
  readonly #outbox: Outbox;
  readonly #failure = deferred<never>();
  /** Files that were offered and not asked for yet, by their place in the walk. */
  readonly #offered = new Map<number, string>();
  readonly #requests: { readonly id: number; readonly path: string }[] = [];
  #begun = 0;
  #readers = 0;
  #ended = false;

  constructor(call: ServerCall, source: LocalSource) {
    this.#call = call;
    this.#source = source;
    this.#outbox = new Outbox(call);
  }

  /**
   * Resolves when the builder has all that it asked for, or has given the call up. Rejects with the first thing that
   * failed, the source's own error among them, after the builder was told.
   */
  async run(filter: SourceFilter): Promise<void> {
    try {
      const walked = this.#walk(filter);
      walked.catch(this.#failure.reject);
      await Promise.race([this.#serve(), this.#failure.promise]);
      await walked;
      await this.#outbox.send(finishedPacket());
      await this.#outbox.flushed();
    } catch (error) {
      if (this.#over) return;
      const told = this.#outbox.send(errorPacket(error instanceof Error ? error.message : String(error)));
      // A builder that is gone by now needs no reason; ours is still the first failure.
      await told.then(() => this.#outbox.flushed()).catch(() => undefined);
      throw error;
    } finally {
      this.#ended = true;
    }
  }

  get #over(): boolean {
    return this.#ended || this.#call.signal.aborted;
  }

  async #walk(filter: SourceFilter): Promise<void> {
    let id = 0;
    let place: Place = START;
    for await (const batch of this.#source.entries(filter)) {
      if (this.#over) return;
      for (const entry of batch) {
        place = assertFollows(place, entry);
        if (hasContent(entry)) this.#offered.set(id, entry.path);
        id += 1;
        this.#outbox.queue(statPacket(entry));
      }
      await this.#outbox.room();
    }
    await this.#outbox.send(endOfStats());
  }

  async #serve(): Promise<void> {
    for await (const message of this.#call.messages) {
      const packet = parsePacket(message);
      if (packet?.kind === "finished") return;
      if (packet?.kind === "error") throw new GrpcError(STATUS.canceled, packet.message);
      if (packet?.kind === "request") this.#request(packet.id);
    }
    throw new GrpcError(STATUS.canceled, "transfer ended before it was finished");
  }

  #request(id: number): void {
    const path = this.#offered.get(id);
    if (path === undefined) throw new GrpcError(STATUS.invalidArgument, `invalid file id ${id}`);
    this.#offered.delete(id);
    this.#requests.push({ id, path });
    if (this.#readers < READERS) this.#read().catch(this.#failure.reject);
  }

  /** One of the readers: it goes on while there are requests. */
  async #read(): Promise<void> {
    this.#readers += 1;
    for (let next = this.#requests[this.#begun]; next; next = this.#requests[this.#begun]) {
      this.#begun += 1;
      await this.#send(next.id, next.path);
    }
    this.#readers -= 1;
  }

  async #send(id: number, path: string): Promise<void> {
    if (this.#over) return;
    for await (const chunk of this.#source.read(path)) {
      if (this.#over) return;
      for (let at = 0; at < chunk.length; at += CHUNK) {
        const piece = chunk.subarray(at, at + CHUNK);
        await this.#outbox.send(dataPacketHead(id, piece.length), piece);
      }
    }
    await this.#outbox.send(dataPacketHead(id, 0));
  }
}

function hasContent(entry: SourceEntry): boolean {
  return entry.kind === "file" && entry.hardLinkTo === undefined;
}
