import type { EntryKind } from "./walk.ts";

/** An entry as a builder is told of it. */
export interface OfferedEntry {
  readonly path: string;
  readonly kind: EntryKind;
  readonly mode: number;
  readonly size: number;
  readonly mtimeNs: bigint;
  readonly linkTarget?: string;
  /** The first name of the same file in this walk. */
  readonly hardLinkTo?: string;
  readonly block?: boolean;
  readonly devMajor?: number;
  readonly devMinor?: number;
}
