import { map, row, type Row, type WishedFile } from "./row.ts";
import type { SpecValue } from "./spec-value.ts";

/** Files that a container is given. Their content stands here as a keyed hash; it is put in where the container is created. */
export const FILE_ROWS: Readonly<Record<string, Row<SpecValue>>> = {
  secrets: row<Readonly<Record<string, FileSpec>>>(
    ({ secrets }) => map(fileSpecs(secrets)),
    () => undefined,
  ),
  configs: row<Readonly<Record<string, FileSpec>>>(
    ({ configs }) => map(fileSpecs(configs)),
    () => undefined,
  ),
};

type FileSpec = {
  readonly content: string;
  /** Octal. */
  readonly mode: string;
  /** `uid:gid`. */
  readonly owner: string;
} & { readonly [key: string]: SpecValue };

function fileSpecs(files: readonly WishedFile[]): Readonly<Record<string, FileSpec>> {
  return Object.fromEntries(
    files.map(({ target, hash, mode, uid, gid }) => [
      target,
      { content: hash, mode: mode.toString(8).padStart(4, "0"), owner: `${uid}:${gid}` },
    ]),
  );
}
