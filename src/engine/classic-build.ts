import { Readable } from "node:stream";
import { type Header, type Pack, pack } from "tar-stream";
import { DockError } from "../error.ts";
import type { Credentials } from "./auth.ts";
import type { BuildEvent } from "./buildkit/build-event.ts";
import type { LocalSource, SourceEntry } from "./buildkit/source.ts";
import type { Call } from "./call.ts";
import { ClassicProgress } from "./classic-progress.ts";
import { readable } from "./fault.ts";
import { messages } from "./registry-progress.ts";
import type { Transport } from "./transport.ts";
import { deferred } from "../std/deferred.ts";

/** One image to build with the engine's older builder. */
export interface ClassicBuild {
  /** A directory, or a git or http address that the engine fetches itself, with its own Dockerfile. */
  readonly context: { readonly source: LocalSource; readonly ignore: readonly string[] } | { readonly url: string };
  readonly dockerfile: { readonly name: string; readonly text: string };
  /** The text of an ignore file that the image may hold, undefined where there is none to be seen. */
  readonly visibleIgnore?: string;
  /** What the engine is asked, by the names of its interface. */
  readonly query: Readonly<Record<string, string | number | boolean | object | undefined>>;
  /** By the key that the engine looks them up under. */
  readonly credentials: readonly Credentials[];
}

/** Name of the Dockerfile in the tar: one that nobody has, so that it can be taken out of the context again. */
const DOCKERFILE = ".dock.Dockerfile";

/**
 * Builds an image with `POST /build`, for engines whose BuildKit can't be reached, and gives its id. Everything is sent
 * each time. Rejects with `BuildFailure` when the build fails.
 */
export async function classicBuild(
  transport: Transport,
  request: ClassicBuild,
  { emit, signal }: { readonly emit: (event: BuildEvent) => void; readonly signal: AbortSignal },
): Promise<string> {
  const { context, dockerfile, query, credentials } = request;
  const failure: { error?: unknown } = {};
  const upload = "source" in context ? contextTar({ ...request, context }, failure) : undefined;
  const call: Call = {
    what: "build an image",
    method: "POST",
    path: "/build",
    query: {
      ...query,
      rm: true,
      forcerm: true,
      ...("url" in context ? { remote: context.url, dockerfile: dockerfile.name } : { dockerfile: DOCKERFILE }),
    },
    headers: {
      "Content-Type": "application/x-tar",
      ...(credentials.length === 0 ? {} : { "X-Registry-Config": registryConfig(credentials) }),
    },
    ...(upload ? { upload } : {}),
    deadlineMs: transport.deadlines.idle,
  };
  const progress = new ClassicProgress(dockerfile, emit);
  try {
    for await (const message of readable(call.what, messages(transport.chunks(call, signal)))) progress.take(message);
  } catch (error) {
    signal.throwIfAborted();
    // What broke the upload off says more than that it broke off.
    throw failure.error ?? error;
  }
  return progress.end();
}

function registryConfig(credentials: readonly Credentials[]): string {
  const entries = credentials.map(({ username, password, identityToken, serverAddress }) => [
    serverAddress,
    { username, password, identitytoken: identityToken },
  ]);
  const json = JSON.stringify(Object.fromEntries(entries));
  return Buffer.from(json).toString("base64").replaceAll("+", "-").replaceAll("/", "_");
}

type WithContext = ClassicBuild & {
  readonly context: { readonly source: LocalSource; readonly ignore: readonly string[] };
};

function contextTar(request: WithContext, failure: { error?: unknown }): Readable {
  const tar = pack();
  tar.on("error", () => undefined);
  const write = async (): Promise<void> => {
    const { source, ignore } = request.context;
    for await (const batch of source.entries({ include: [], exclude: ignore, followPaths: [] }))
      for (const entry of batch) if (entry.path !== ".dockerignore") await add(tar, entry, source);
    await addText(tar, DOCKERFILE, request.dockerfile.text);
    // The builder takes out of the context what this file names of itself and of the Dockerfile.
    const own = request.visibleIgnore === undefined ? ".dockerignore\n" : `${request.visibleIgnore}\n`;
    await addText(tar, ".dockerignore", `${own}${DOCKERFILE}\n`);
    tar.finalize();
  };
  write().catch((error: unknown) => {
    failure.error = error;
    tar.destroy(error instanceof Error ? error : new Error(String(error)));
  });
  return Readable.from(tar as AsyncIterable<Uint8Array>, { objectMode: false });
}

const TYPES = { directory: "directory", symlink: "symlink", fifo: "fifo", file: "file" } as const;

async function add(tar: Pack, entry: SourceEntry, source: LocalSource): Promise<void> {
  const { path, kind, mode, size, mtimeNs } = entry;
  const common = { name: path, mode, mtime: new Date(Number(mtimeNs / 1_000_000n)), uid: 0, gid: 0 };
  if (kind === "device") {
    const type = entry.block === true ? "block-device" : "character-device";
    return put(tar, { ...common, type, devmajor: entry.devMajor ?? 0, devminor: entry.devMinor ?? 0 });
  }
  if (entry.hardLinkTo !== undefined) return put(tar, { ...common, type: "link", linkname: entry.hardLinkTo });
  if (kind !== "file")
    return put(tar, {
      ...common,
      type: TYPES[kind],
      ...(entry.linkTarget === undefined ? {} : { linkname: entry.linkTarget }),
    });
  if (size === 0) return put(tar, { ...common, type: "file", size }, "");
  const whole = deferred<void>();
  whole.promise.catch(() => undefined);
  const content = tar.entry({ ...common, type: "file", size }, (error) =>
    error ? whole.reject(error) : whole.resolve(),
  );
  content.on("error", () => undefined);
  let left = size;
  for await (const chunk of source.read(path)) {
    left -= chunk.length;
    if (left < 0 || tar.destroyed) break;
    if (!content.write(chunk)) await room(tar, content);
  }
  if (left !== 0) {
    throw new DockError("operation-failed", `${path} changed while it was sent to the builder`, {
      hint: "does something write into the build context? Leave it out with .dockerignore",
    });
  }
  content.end(undefined);
  await whole.promise;
}

/** Resolves when more can be written, or never will be. */
function room(tar: Pack, content: ReturnType<Pack["entry"]>): Promise<void> {
  return new Promise((resolve) => {
    content.once("drain", () => resolve());
    tar.once("close", () => resolve());
  });
}

async function addText(tar: Pack, name: string, text: string): Promise<void> {
  await put(tar, { name, mode: 0o644, uid: 0, gid: 0, mtime: new Date(0) }, text);
}

/** What is left out has its default. */
type PartialHeader = Partial<Header> & Pick<Header, "name">;

function put(tar: Pack, header: PartialHeader, text?: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (error?: Error | null): void => (error ? reject(error) : resolve());
    if (text === undefined) tar.entry(header, done);
    else tar.entry(header, text, done);
  });
}
