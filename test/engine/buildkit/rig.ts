import { createReadStream, lstatSync, readFileSync } from "node:fs";
import { readdir, readlink } from "node:fs/promises";
import { join } from "node:path";
import type { BuildRequest } from "../../../src/engine/buildkit/build-request.ts";
import type { LocalSource, SourceEntry, SourceFilter } from "../../../src/engine/buildkit/source.ts";

/** A directory offered as it is: only the paths that are followed, or everything. Counts what is asked of it. */
export interface DirectorySource extends LocalSource {
  readonly filters: SourceFilter[];
  readonly reads: string[];
}

export function directorySource(root: string): DirectorySource {
  const filters: SourceFilter[] = [];
  const reads: string[] = [];
  return {
    filters,
    reads,
    entries: (filter) => {
      filters.push(filter);
      return entries(root, "", filter);
    },
    read: (path) => {
      reads.push(path);
      return content(join(root, path));
    },
  };
}

/** Small files at once, as that is several times faster than a stream each. */
async function* content(path: string): AsyncGenerator<Uint8Array, void, undefined> {
  if (lstatSync(path).size > 64 * 1024) yield* createReadStream(path) as AsyncIterable<Buffer>;
  else yield await Promise.resolve(readFileSync(path));
}

async function* entries(
  root: string,
  directory: string,
  filter: SourceFilter,
): AsyncGenerator<readonly SourceEntry[], void, undefined> {
  const wanted = [...filter.include, ...filter.followPaths];
  const names = await readdir(join(root, directory));
  names.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  for (const name of names) {
    const path = directory === "" ? name : `${directory}/${name}`;
    if (filter.exclude.includes(path)) continue;
    if (
      wanted.length > 0 &&
      !wanted.some((want) => want === path || path.startsWith(`${want}/`) || want.startsWith(`${path}/`))
    ) {
      continue;
    }
    const stats = lstatSync(join(root, path), { bigint: true });
    const base = { path, mode: Number(stats.mode & 0o7777n), mtimeNs: stats.mtimeNs };
    if (stats.isDirectory()) {
      yield [{ ...base, kind: "directory", size: 0 }];
      yield* entries(root, path, filter);
    } else if (stats.isSymbolicLink()) {
      yield [{ ...base, kind: "symlink", size: 0, linkTarget: await readlink(join(root, path)) }];
    } else {
      yield [{ ...base, kind: stats.isFIFO() ? "fifo" : "file", size: Number(stats.size) }];
    }
  }
}

/** A request with nothing special. */
export function plainRequest(request: Partial<BuildRequest> & Pick<BuildRequest, "sources">): BuildRequest {
  return {
    sharedKey: "dock-bk-test",
    dockerfileName: "Dockerfile",
    args: {},
    labels: {},
    noCache: false,
    noCacheStages: [],
    pull: false,
    extraHosts: [],
    ulimits: [],
    namedContexts: {},
    tags: [],
    credentials: () => Promise.resolve(undefined),
    secrets: {},
    ssh: {},
    contents: {},
    cacheFrom: [],
    cacheTo: [],
    entitlements: [],
    attestations: {},
    ...request,
  };
}
