import { readFile, realpath } from "node:fs/promises";
import { dockerfileSource } from "../context/dockerfile-source.ts";
import { loadIgnore } from "../context/load-ignore.ts";
import type { SeenTree } from "../context/known-offer.ts";
import { localSource } from "../context/send.ts";
import { credentialsFor } from "../engine/auth.ts";
import type { BuildRequest } from "../engine/buildkit/build-request.ts";
import type { ContentStore } from "../engine/buildkit/content-store.ts";
import type { LocalSource } from "../engine/buildkit/source.ts";
import { proxyArguments } from "../engine/proxy-arguments.ts";
import { DockError } from "../error.ts";
import { agentSocket, readBuildSecret } from "../gather/build-secrets.ts";
import { type ReadDockerfile, readDockerfiles, textWithReferences } from "../gather/dockerfiles.ts";
import { layoutDigest } from "../gather/oci-layout.ts";
import { contextGeneration, contextSeen } from "../gather/image-inputs.ts";
import type { Operation } from "../plan/operation.ts";
import type { Image } from "../project/image-model.ts";
import type { Project } from "../project/model.ts";
import { sha256 } from "../std/digest.ts";
import { contentDirectory } from "./content-directory.ts";
import { openCaches } from "./local-caches.ts";
import type { Execution, ExecutionSettings } from "./execution.ts";

/** What the builder is asked for: the image's definition with references to other images of the project replaced by their input tags. */
export async function buildRequest(
  operation: Operation<"image.build">,
  execution: Execution,
  signal: AbortSignal,
): Promise<BuildRequest> {
  const { project, settings } = execution;
  const file = (await readDockerfiles(project, [operation.image])).get(operation.image);
  if (!file) throw new Error(`no Dockerfile of image ${operation.image}`);
  signal.throwIfAborted();
  const { digests } = execution;
  const seen = digests && (() => contextSeen(project, file.image, digests));
  const recipe = { project, settings, refOf: (key: string) => madeRef(execution, key), seen };
  return { ...(await dockerfileRequest(file, recipe)), noCache: operation.noCache, pull: operation.pull };
}

/** What a request takes beside an image's definition and Dockerfile. */
export interface Recipe {
  readonly project: Project;
  readonly settings: Pick<ExecutionSettings, "cacheDirectory" | "env">;
  /** The reference that stands for an image of the project. */
  readonly refOf: (key: string) => string;
  /** What was just seen of the image's context, if anything was when the builder asks. */
  readonly seen?: (() => SeenTree | undefined) | undefined;
}

/** What the builder is asked for to build a Dockerfile's image from its cache where it can. */
export async function dockerfileRequest(file: ReadDockerfile, recipe: Recipe): Promise<BuildRequest> {
  const { project, settings, refOf, seen } = recipe;
  const { image } = file;
  const text = textWithReferences(file, refOf);
  const named = await namedContexts(image, refOf);
  const caches = await openCaches(image);
  const ignoreText = image.context.kind === "directory" ? loadIgnore(image.context.path, file.path).text : "";
  return {
    sources: {
      ...(image.context.kind === "directory" ? { context: localSource(image.context.path, { seen }) } : {}),
      // A URL's own Dockerfile is the builder's to fetch.
      ...(image.context.kind === "url" && image.dockerfile.kind === "file"
        ? {}
        : { dockerfile: dockerfileSource({ name: file.name, text, ignoreText }) }),
      ...named.sources,
    },
    sharedKey: await sharedKey(image, file.name, settings.cacheDirectory),
    ...(image.context.kind === "url" ? { contextUrl: image.context.url } : {}),
    dockerfileName: file.name,
    ...(image.target === undefined ? {} : { target: image.target }),
    args: { ...(await proxyArguments(settings.env)), ...image.args },
    labels: image.labels,
    ...(image.platforms.length === 0 ? {} : { platforms: image.platforms }),
    noCache: false,
    noCacheStages: image.noCacheFilter,
    pull: false,
    ...(image.network === undefined ? {} : { network: image.network }),
    extraHosts: image.extraHosts.map((pair) => splitHost(pair)),
    ...(image.shmSize === undefined ? {} : { shmSize: image.shmSize }),
    ulimits: image.ulimits,
    namedContexts: named.values,
    tags: [],
    credentials: (host) => credentialsFor(host, settings.env),
    secrets: secretReaders(project, image),
    ssh: Object.fromEntries(
      image.ssh.flatMap((agent) => {
        const socket = agentSocket(agent, settings.env);
        return socket === undefined ? [] : [[agent.id, socket]];
      }),
    ),
    ...caches,
    contents: { ...caches.contents, ...named.contents },
    entitlements: image.entitlements,
    attestations: {
      ...(image.provenance === undefined ? {} : { provenance: image.provenance }),
      ...(image.sbom === undefined ? {} : { sbom: image.sbom }),
    },
  };
}

/** Read when a step asks for them: nothing holds them longer than that. */
function secretReaders(project: Project, { secrets }: Image): BuildRequest["secrets"] {
  return Object.fromEntries(
    secrets.map((secret) => [
      secret.id,
      async () => {
        const content = await readBuildSecret(project, secret);
        if (content) return content;
        throw new DockError("invalid-project", `the variable of secret ${secret.id} is not set`);
      },
    ]),
  );
}

function madeRef(execution: Execution, key: string): string {
  const made = execution.made.images.get(key);
  if (!made) throw new Error(`image ${key} is needed before it is built`);
  return made.ref;
}

interface NamedSources {
  readonly sources: Readonly<Record<string, LocalSource>>;
  readonly values: Readonly<Record<string, string>>;
  readonly contents: Readonly<Record<string, ContentStore>>;
}

async function namedContexts(image: Image, refOf: Recipe["refOf"]): Promise<NamedSources> {
  const contents: Record<string, ContentStore> = {};
  const sources: Record<string, LocalSource> = {};
  const values: Record<string, string> = {};
  for (const [name, context] of Object.entries(image.contexts)) {
    switch (context.kind) {
      case "directory":
        sources[name] = localSource(context.path);
        values[name] = `local:${name}`;
        break;
      case "layout": {
        const store = `dock-${Object.keys(contents).length}`;
        contents[`oci:${store}`] = contentDirectory(context.path, { writable: false });
        values[name] = `oci-layout://${store}@${await layoutDigest(context)}`;
        break;
      }
      case "url":
        values[name] = context.url;
        break;
      case "reference":
        values[name] = `docker-image://${context.ref}`;
        break;
      case "image":
        values[name] = `docker-image://${refOf(context.key)}`;
    }
  }
  return { sources, values, contents };
}

/**
 * Stable over runs and another for each target: builds that read different parts of a context don't evict each other's
 * files. The builder asks only for files whose size or time changed, so content that changed under an equal size and
 * time (spec §3) makes another key, under which everything is sent.
 */
async function sharedKey(image: Image, dockerfile: string, cacheDirectory: string): Promise<string> {
  const { context } = image;
  const root = context.kind === "directory" ? await realpath(context.path) : context.url;
  const generation = context.kind === "directory" ? await contextGeneration(cacheDirectory, context.path) : "";
  return `dock-${sha256([await machineId(), root, dockerfile, image.target ?? "", generation].join("\n")).slice(0, 32)}`;
}

/** Tells machines that share an engine apart. */
async function machineId(): Promise<string> {
  try {
    return (await readFile("/etc/machine-id", "utf8")).trim();
  } catch {
    const { hostname } = await import("node:os");
    return hostname();
  }
}

/** `host:address` or `host=address`; an address may hold colons. */
function splitHost(pair: string): { readonly host: string; readonly address: string } {
  const [, host = pair, address = ""] = /^([^:=]+)[:=](.*)$/.exec(pair) ?? [];
  return { host, address };
}
