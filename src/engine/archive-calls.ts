export interface ArchiveCalls {
  /** What a path in the container is; undefined when there is nothing, or no such container. */
  statPath(id: string, path: string, signal: AbortSignal): Promise<PathStat | undefined>;
  /** A tar of the path; its entries begin with the path's last name. A link is packed as a link. */
  getArchive(id: string, path: string, signal: AbortSignal): AsyncIterable<Buffer>;
}

export interface PathStat {
  readonly name: string;
  readonly kind: "file" | "directory" | "link";
  /** Where a link leads, from the container's root; empty for others. */
  readonly linkTarget: string;
}
