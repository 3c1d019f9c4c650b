import { posix } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { extract, pack } from "tar-stream";
import { type FakeRequest, Refusal, type Reply, type Route } from "./fake-engine-http.ts";
import type { FakeContainer, FakeWorld } from "./fake-engine-state.ts";

/** Routes by which files go into containers and come out of them: only those that came in are there. */
export function archiveRoutes(world: FakeWorld): readonly Route[] {
  const path = /^\/containers\/([^/]+)\/archive$/;
  const of = ({ params }: FakeRequest): FakeContainer => world.container(params[0] ?? "");
  return [
    ["PUT", path, async (request) => put(of(request), request)],
    ["GET", path, async (request) => get(of(request), request)],
    ["HEAD", path, async (request) => head(of(request), request)],
  ];
}

async function put(container: FakeContainer, { query, incoming, params }: FakeRequest): Promise<Reply> {
  const path = query.get("path") ?? "";
  const bytes = await buffer(incoming);
  // The fake has no directories: one whose name says that it is missing stands for such.
  if (path === "" || path.endsWith("/missing"))
    throw new Refusal(404, `Could not find the file ${path} in container ${params[0]}`);
  container.archives.push({ path, bytes });
  return { status: 200 };
}

async function get(container: FakeContainer, request: FakeRequest): Promise<Reply> {
  const { name, content, stat } = await find(container, request);
  const tar = pack();
  tar.entry({ name }, content);
  tar.finalize();
  return {
    stream: (response) => {
      response.writeHead(200, { "Content-Type": "application/x-tar", ...stat });
      Readable.from(tar).pipe(response);
    },
  };
}

async function head(container: FakeContainer, request: FakeRequest): Promise<Reply> {
  const { stat } = await find(container, request);
  return { stream: (response) => void response.writeHead(200, stat).end() };
}

async function find(
  container: FakeContainer,
  { query, params }: FakeRequest,
): Promise<{
  readonly name: string;
  readonly content: Buffer;
  readonly stat: { readonly "X-Docker-Container-Path-Stat": string };
}> {
  const path = query.get("path") ?? "";
  for (const archive of container.archives.toReversed()) {
    const content = (await filesOf(archive.bytes)).get(posix.relative(archive.path, path));
    if (content === undefined) continue;
    const name = posix.basename(path);
    const stat = { name, size: content.length, mode: 0o644, mtime: "2026-01-01T00:00:00Z", linkTarget: "" };
    const header = Buffer.from(JSON.stringify(stat)).toString("base64");
    return { name, content, stat: { "X-Docker-Container-Path-Stat": header } };
  }
  throw new Refusal(404, `Could not find the file ${path} in container ${params[0]}`);
}

async function filesOf(bytes: Buffer): Promise<ReadonlyMap<string, Buffer>> {
  const files = new Map<string, Buffer>();
  const unpacked = extract();
  unpacked.end(bytes);
  for await (const entry of unpacked) files.set(posix.normalize(entry.header.name), await buffer(entry));
  return files;
}
