import type { Location } from "../diagnostic.ts";
import type { Ulimit } from "./limits-model.ts";

/** Where a build's files come from. */
export type BuildContext =
  /** A directory of this machine, absolute. */
  | { readonly kind: "directory"; readonly path: string }
  /** A git or http URL that the builder fetches itself. */
  | { readonly kind: "url"; readonly url: string };

/** What a named context stands for. */
export type NamedContext =
  | BuildContext
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
  /** At most one for now. */
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
  readonly at: Location;
}

/** What a service's containers run. */
export type ServiceImage =
  /** An image of this project. */
  | { readonly kind: "built"; readonly key: string }
  /** Any other image reference, with its tag or digest spelled out. */
  | { readonly kind: "external"; readonly ref: string };
