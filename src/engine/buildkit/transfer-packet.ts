import { fields, MessageWriter } from "./pb.ts";
import type { SourceEntry } from "./source.ts";

/** The packets of BuildKit's file transfer (fsutil), seen from the side that sends the files. */

/** What the receiving side tells the sending one. */
export type ReceiverPacket =
  | { readonly kind: "request"; readonly id: number }
  | { readonly kind: "finished" }
  | { readonly kind: "error"; readonly message: string };

const STAT = 0;
const REQUEST = 1;
const DATA = 2;
const FINISHED = 3;
const ERROR = 4;

/** An entry of the walk. Its id is its place in the sequence of these packets, from 0. */
export function statPacket(entry: SourceEntry): Buffer {
  return new MessageWriter().uint(1, STAT).bytes(2, stat(entry)).finish();
}

/** For what is copied at once. */
const scratch = new MessageWriter();

/** The end of the walk. */
export function endOfStats(): Buffer {
  return new MessageWriter().uint(1, STAT).finish();
}

/** A data packet up to its content, which is the message's last field. Length 0 is the whole packet that ends a file. */
export function dataPacketHead(id: number, length: number): Buffer {
  const writer = new MessageWriter().uint(1, DATA).uint(3, id);
  if (length > 0) writer.bytesHead(4, length);
  return writer.finish();
}

/** The receiver's wish for a file, by its place in the walk. */
export function requestPacket(id: number): Buffer {
  return new MessageWriter().uint(1, REQUEST).uint(3, id).finish();
}

/** The receiver's word that it has everything, and the sender's agreement. */
export function finishedPacket(): Buffer {
  return new MessageWriter().uint(1, FINISHED).finish();
}

/** The sender's reason to give up. */
export function errorPacket(message: string): Buffer {
  return new MessageWriter().uint(1, ERROR).text(4, message).finish();
}

/** Reads a packet of the receiving side; undefined for kinds that only the sending side has. */
export function parsePacket(message: Uint8Array): ReceiverPacket | undefined {
  let type = STAT;
  let id = 0;
  let data = "";
  for (const field of fields(message)) {
    if (field.kind === "varint" && field.number === 1) type = field.value;
    else if (field.kind === "varint" && field.number === 3) id = field.value;
    else if (field.kind === "bytes" && field.number === 4) data = field.value.toString("utf8");
  }
  switch (type) {
    case REQUEST:
      return { kind: "request", id };
    case FINISHED:
      return { kind: "finished" };
    case ERROR:
      return { kind: "error", message: data };
    default:
      return undefined;
  }
}

/** Owner and group are always 0, as every BuildKit client sends them: else two machines would never share a cache. */
function stat(entry: SourceEntry): Buffer {
  const isLink = entry.kind === "symlink" || entry.hardLinkTo !== undefined;
  const writer = scratch
    .clear()
    .text(1, entry.path)
    .uint(2, goFileMode(entry))
    .uint(5, statSize(entry))
    .uint(6, entry.mtimeNs);
  if (isLink) writer.text(7, entry.hardLinkTo ?? entry.linkTarget ?? "");
  if (entry.kind === "device") writer.uint(8, entry.devMajor ?? 0).uint(9, entry.devMinor ?? 0);
  return writer.finish();
}

function statSize(entry: SourceEntry): number {
  if (entry.hardLinkTo !== undefined) return 0;
  if (entry.kind === "symlink") return Buffer.byteLength(entry.linkTarget ?? "");
  return entry.kind === "file" ? entry.size : 0;
}

/** The mode as Go's `os.FileMode` has it: type and special bits stand elsewhere than in `st_mode`. */
export function goFileMode(entry: Pick<SourceEntry, "kind" | "mode" | "block">): number {
  let mode = entry.mode & 0o777;
  if (entry.mode & 0o4000) mode += 2 ** 23;
  if (entry.mode & 0o2000) mode += 2 ** 22;
  if (entry.mode & 0o1000) mode += 2 ** 20;
  switch (entry.kind) {
    case "file":
      return mode;
    case "directory":
      return mode + 2 ** 31;
    case "symlink":
      return mode + 2 ** 27;
    case "fifo":
      return mode + 2 ** 25;
    case "device":
      return mode + 2 ** 26 + (entry.block === true ? 0 : 2 ** 21);
  }
}
