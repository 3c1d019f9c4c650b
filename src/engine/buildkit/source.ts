/** What the builder may ask of a directory; the side that walks and filters it lives elsewhere. */

/** One entry of a directory, as BuildKit's file transfer knows it. */
export interface SourceEntry {
  /** Relative to the directory, with "/" between names, clean, never empty. */
  readonly path: string;
  /** A socket is offered as an empty file. */
  readonly kind: "file" | "directory" | "symlink" | "fifo" | "device";
  /** The permission, setuid, setgid and sticky bits of `st_mode`: at most 0o7777. */
  readonly mode: number;
  /** Bytes of a file's content; what is read later may be more or less. */
  readonly size: number;
  /** Modification time in nanoseconds since 1970. */
  readonly mtimeNs: bigint;
  /** Where a symbolic link points, as it is written. */
  readonly linkTarget?: string;
  /** For a second name of a file: the path under which the file was already offered in this walk. */
  readonly hardLinkTo?: string;
  /** For devices: block devices are told by this flag, the others are character devices. */
  readonly block?: boolean;
  readonly devMajor?: number;
  readonly devMinor?: number;
}

/** Which entries the builder wants: patterns in .dockerignore's syntax, and paths whose links are to be followed. */
export interface SourceFilter {
  /** Empty: everything. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  /** Added to `include` together with what they link to; empty: no restriction from here. */
  readonly followPaths: readonly string[];
}

/** A directory that is offered to the builder. */
export interface LocalSource {
  /**
   * The entries that pass the filter, depth-first, a directory directly before its children, siblings in the order of
   * their names' UTF-8 bytes, and no entry without its parents. In batches of some milliseconds' work, between which
   * the event loop gets its turn.
   */
  entries(filter: SourceFilter): AsyncIterable<readonly SourceEntry[]>;
  /**
   * A file's content, in chunks that are not used again. Ends early, without an error, when the file is gone; rejects
   * when it can't be read. For files of up to some 64 KiB a synchronous read is three times as fast as an asynchronous
   * one; the transfer gives the event loop its turns in between.
   */
  read(path: string): AsyncIterable<Uint8Array>;
}
