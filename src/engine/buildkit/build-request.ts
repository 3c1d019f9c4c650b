import type { CredentialsOf } from "./auth.ts";
import type { ContentStore } from "./content-store.ts";
import type { BuildResultSink } from "./file-send.ts";
import type { LocalSource } from "./source.ts";

/** One image to build. */
export interface BuildRequest {
  /** "context", "dockerfile" (the directory the Dockerfile is in), and what `namedContexts` calls `local:NAME`. */
  readonly sources: Readonly<Record<string, LocalSource>>;
  /** Stable name of these sources: the builder keeps its copy under it and asks only for what changed. */
  readonly sharedKey: string;
  /** A git or http address instead of the source "context". */
  readonly contextUrl?: string;
  readonly dockerfileName: string;
  readonly target?: string;
  readonly args: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly platforms?: readonly string[];
  readonly noCache: boolean;
  readonly noCacheStages: readonly string[];
  /** Ask the registries for newer base images. */
  readonly pull: boolean;
  /** "default", "none" or "host". */
  readonly network?: string;
  /** `host-gateway` as an address is replaced by the engine's own, where the engine tells it (23 and later). */
  readonly extraHosts: readonly { readonly host: string; readonly address: string }[];
  /** Bytes. */
  readonly shmSize?: number;
  readonly ulimits: readonly { readonly name: string; readonly soft: number; readonly hard: number }[];
  /** By name: `docker-image://ref`, an address, or `local:NAME` for a source. */
  readonly namedContexts: Readonly<Record<string, string>>;
  /** References that the image gets when it is done. */
  readonly tags: readonly string[];
  readonly credentials: CredentialsOf;
  /** Content by id of what steps may mount as a secret; read when a step asks. At most 500 kB each. */
  readonly secrets: Readonly<Record<string, () => Promise<Uint8Array>>>;
  /** Path of the agent's socket by id, for steps that mount it. */
  readonly ssh: Readonly<Record<string, string>>;
  readonly cacheFrom: readonly CacheEntry[];
  readonly cacheTo: readonly CacheEntry[];
  /** Directories of blobs that the builder may read and write, by the id that it knows them under. */
  readonly contents: Readonly<Record<string, ContentStore>>;
  /** `network.host`, `security.insecure`. */
  readonly entitlements: readonly string[];
  /** By kind (`provenance`, `sbom`) what the builder is told about it. */
  readonly attestations: Readonly<Record<string, string>>;
  /** Where the result goes; undefined for the engine's own store. */
  readonly output?: BuildOutputRequest;
}

/** A place of build cache: "registry", "local" or "inline", and what the builder is told about it. */
export interface CacheEntry {
  readonly type: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** A result that the builder sends here. */
export interface BuildOutputRequest {
  readonly kind: "local" | "tar" | "oci";
  readonly sink: BuildResultSink;
}
