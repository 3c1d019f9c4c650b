import type { Location } from "../diagnostic.ts";
import type { Mount, Port } from "./connection-model.ts";
import type { ServiceImage } from "./image-model.ts";

/** One explicit rule of `dev.watch`. */
export interface WatchRule {
  /** Absolute file or directory that the rule is about. */
  readonly path: string;
  readonly action: "sync" | "restart" | "sync+restart" | "rebuild" | "exec" | "none";
  /** Place in the container; there for `sync` and `sync+restart`. */
  readonly target?: string;
  /** Patterns relative to `path`; when there are any, only what one of them matches. */
  readonly include: readonly string[];
  /** Patterns relative to `path` that the rule leaves out. */
  readonly ignore: readonly string[];
  /** Command for `exec`. */
  readonly exec?: readonly string[];
  readonly at: Location;
}

/** What a change to bind-mounted source asks of the running container. */
export type Reload =
  | { readonly kind: "self" }
  | { readonly kind: "restart" }
  | { readonly kind: "signal"; readonly signal: string };

/** What dev mode changes about a service. */
export interface Dev {
  readonly mounts: readonly Mount[];
  readonly command?: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly image?: ServiceImage;
  readonly ports: readonly Port[];
  readonly watch: readonly WatchRule[];
  readonly reload: Reload;
}
