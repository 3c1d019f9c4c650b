import type { Location } from "../diagnostic.ts";
import type { Ulimit } from "./limits-model.ts";

/** Where a build's files come from. */
export type BuildContext =
  /** A directory of this machine, absolute. */
  | { readonly kind: "directory"; readonly path: string }
  /** A git or http URL that the builder fetches itself. */
  | { readonly kind: "url"; readonly url: string };

/** An image in an OCI layout, a directory of this machine; `path` is absolute. */
export interface LayoutContext {
  readonly kind: "layout";
  readonly path: string;
  readonly tag?: string;
  readonly digest?: string;
}

/** What a named context stands for. */
export type NamedContext =
  | BuildContext
  | LayoutContext
  /** Another image of this project. */
  | { readonly kind: "image"; readonly key: string }
  /** An image reference that the builder resolves. */
  | { readonly kind: "reference"; readonly ref: string };

/** Where a Dockerfile's text stands. */
export type DockerfileSource =
  /** Path relative to the context for a directory or URL context; absolute when it lies outside the context directory. */
  { readonly kind: "file"; readonly path: string } | { readonly kind: "inline"; readonly text: string };

/** One entry of `images`. */
export interface Image {
  readonly key: string;
  readonly context: BuildContext;
  readonly dockerfile: DockerfileSource;
  readonly target?: string;
  /** Values for the Dockerfile's ARGs; one that is to keep the Dockerfile's default is not here. */
  readonly args: Readonly<Record<string, string>>;
  /** Never empty: `<project>-<key>:latest` unless declared. Fully spelled with a tag. */
  readonly tags: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** Empty for the engine's own. */
  readonly platforms: readonly string[];
  readonly contexts: Readonly<Record<string, NamedContext>>;
  readonly noCache: boolean;
  readonly noCacheFilter: readonly string[];
  readonly pull: boolean;
  readonly network?: string;
  /** `host:address` pairs, as `docker build --add-host` takes them. */
  readonly extraHosts: readonly string[];
  /** Bytes. */
  readonly shmSize?: number;
  readonly ulimits: readonly Ulimit[];
  /** Served to the steps that mount them and kept nowhere; each id once. */
  readonly secrets: readonly BuildSecret[];
  readonly ssh: readonly SshAgent[];
  readonly cacheFrom: readonly BuildCache[];
  readonly cacheTo: readonly BuildCache[];
  /** What `dock build` writes beside the engine's own image. */
  readonly outputs: readonly BuildOutput[];
  /** `network.host`, `security.insecure`. */
  readonly entitlements: readonly string[];
  /** As the builder is told it; undefined for none. */
  readonly provenance?: string;
  readonly sbom?: string;
  readonly at: Location;
}

/** What a service's containers run. */
export type ServiceImage =
  /** An image of this project. */
  | { readonly kind: "built"; readonly key: string }
  /** Any other image reference, with its tag or digest spelled out. */
  | { readonly kind: "external"; readonly ref: string };

/** A secret of a build; of one from a variable the value is in the project's `secretVariables`. */
export interface BuildSecret {
  readonly id: string;
  readonly from:
    | { readonly kind: "file"; readonly path: string }
    | { readonly kind: "variable"; readonly name: string };
}

/** An SSH agent of a build; without a socket it is the caller's own. */
export interface SshAgent {
  readonly id: string;
  /** Absolute. */
  readonly socket?: string;
}

/** A place where build cache is read from or written to. */
export interface BuildCache {
  readonly type: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** A result that is written to this machine; `dest` is absolute: a directory for `local`, else a file. */
export interface BuildOutput {
  readonly kind: "local" | "tar" | "oci";
  readonly dest: string;
}
