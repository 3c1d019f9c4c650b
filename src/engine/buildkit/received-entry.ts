import { fields, MalformedMessage } from "./pb.ts";

/** One entry of a directory that the builder sends, as BuildKit's file transfer knows it. */
export interface ReceivedEntry {
  /** Relative, with "/" between names, clean, never empty. */
  readonly path: string;
  readonly kind: "file" | "directory" | "symlink" | "hardlink" | "other";
  /** Permission bits. */
  readonly mode: number;
  /** Seconds since 1970. */
  readonly mtime: number;
  /** Where a symbolic link points, or which entry a hard link is another name of. */
  readonly linkTarget: string;
}

/** What the sending side of a transfer says. */
export type SenderPacket =
  | { readonly kind: "stat"; readonly entry: ReceivedEntry }
  | { readonly kind: "end-of-stats" }
  | { readonly kind: "data"; readonly id: number; readonly data: Buffer }
  | { readonly kind: "finished" }
  | { readonly kind: "error"; readonly message: string };

const [STAT, DATA, FINISHED, ERROR] = [0, 2, 3, 4] as const;

/** Reads a packet of the sending side. Throws `MalformedMessage`, also for a path that leads out of the directory. */
export function parseSenderPacket(message: Uint8Array): SenderPacket {
  let type = STAT as number;
  let id = 0;
  let data: Buffer = Buffer.alloc(0);
  let stat: Buffer | undefined;
  for (const field of fields(message)) {
    if (field.kind === "varint" && field.number === 1) type = field.value;
    else if (field.kind === "varint" && field.number === 3) id = field.value;
    else if (field.kind === "bytes" && field.number === 2) stat = field.value;
    else if (field.kind === "bytes" && field.number === 4) data = field.value;
  }
  if (type === STAT) return stat ? { kind: "stat", entry: parseStat(stat) } : { kind: "end-of-stats" };
  if (type === DATA) return { kind: "data", id, data };
  if (type === FINISHED) return { kind: "finished" };
  if (type === ERROR) return { kind: "error", message: data.toString("utf8") };
  throw new MalformedMessage();
}

function parseStat(message: Uint8Array): ReceivedEntry {
  let [path, linkTarget, mode, mtime] = ["", "", 0, 0];
  for (const field of fields(message)) {
    if (field.kind === "bytes" && field.number === 1) path = field.value.toString("utf8");
    else if (field.kind === "bytes" && field.number === 7) linkTarget = field.value.toString("utf8");
    else if (field.kind === "varint" && field.number === 2) mode = field.value;
    else if (field.kind === "varint" && field.number === 6) mtime = field.value / 1e9;
  }
  if (
    path === "" ||
    path.split("/").some((name) => name === "" || name === "." || name === ".." || name.includes("\0"))
  )
    throw new MalformedMessage();
  return { path, kind: kindOf(mode, linkTarget), mode: mode % 0o1000, mtime, linkTarget };
}

/** The mode is Go's `os.FileMode`. */
function kindOf(mode: number, linkTarget: string): ReceivedEntry["kind"] {
  const has = (bit: number): boolean => Math.floor(mode / 2 ** bit) % 2 === 1;
  if (has(31)) return "directory";
  if (has(27)) return "symlink";
  if (has(26) || has(25)) return "other";
  return linkTarget === "" ? "file" : "hardlink";
}
