import type { CredentialsOf } from "./auth.ts";
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
}
