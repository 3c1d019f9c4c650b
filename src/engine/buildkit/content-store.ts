/** Blobs by their digest, which the builder may read, and write where it is to leave something. */
export interface ContentStore {
  /** Bytes of a blob; undefined where there is none. */
  size(digest: string): Promise<number | undefined>;
  /** A stretch of a blob that is there, in chunks of at most 1 MiB. */
  read(digest: string, stretch: { readonly offset: number; readonly size: number }): AsyncIterable<Uint8Array>;
  /** Begins a blob. Throws where nothing may be written. */
  write(): BlobWriter;
}

/** A blob that is there only when it is whole. */
export interface BlobWriter {
  append(chunk: Uint8Array): Promise<void>;
  /** Puts the blob where it belongs and gives its digest; rejects when that is not the one expected ("" for any). */
  commit(expected: string): Promise<string>;
  /** Leaves nothing behind of a blob that was not committed. */
  abandon(): Promise<void>;
}
