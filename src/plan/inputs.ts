import type { Digest } from "../std/digest.ts";

/** What was gathered from this machine's disk for one plan. Everything the planner may know that neither the project nor the engine says. */
export interface Inputs {
  readonly images: Readonly<Record<string, ImageInputs>>;
  /** Environment of each service's `env_file`s, merged, weakest first. */
  readonly environments: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** `uid:gid` of the caller, for `user: host`. */
  readonly hostUser: string;
  /** Contents of secrets and configs that services are given, in base64, by key. */
  readonly grantedFiles?: Readonly<Record<"secrets" | "configs", Readonly<Record<string, string>>>>;
  /** Host ports that nobody has, by the key of the `auto` port that they are for. */
  readonly freePorts?: Readonly<Record<string, number>>;
  /** Random text that keys the hashes of values where the engine holds no key of this project yet. */
  readonly salt: string;
}

/** What of one image's input digest (spec §3) is known from the disk. */
export interface ImageInputs {
  readonly key: string;
  /** Whether a change to these files is seen: a URL context is taken by its text. */
  readonly files: FileInputs;
  /** The same without what dev binds hide; undefined where the dev digest would be the full one. */
  readonly devFiles?: FileInputs & { readonly hiddenTargets: readonly string[] };
  readonly dockerfile: Digest;
  /** Dockerfile ARGs that have a value for this build, declared ones only. */
  readonly args: Readonly<Record<string, string>>;
  /** References that the target reaches, with ARGs expanded; those that are images of the project name the key. */
  readonly references: readonly ImageReference[];
  /** What could only be taken by its text (`ADD https://…`, a git context), for the plan to say so. */
  readonly unverified: readonly string[];
  /** What the build to compare with was made of (`buildToCompare`). Read only when there is a build to give reasons for. */
  readonly previous?: BuildRecord;
}

/** Content that a build reads from its contexts: a path → digest of type, exec bit and content. Named contexts' paths start with `name:`. */
export interface FileInputs {
  readonly digest: Digest;
  readonly files: Readonly<Record<string, string>>;
}

/** An image that a Dockerfile starts or copies from. */
export type ImageReference =
  | { readonly kind: "image"; readonly key: string }
  /** With tag or digest spelled out as the engine does. */
  | { readonly kind: "external"; readonly ref: string };

/** What an input digest was made of, kept so that a later plan can name the difference. Losing it loses only detail. */
export interface BuildRecord {
  readonly dockerfile: string;
  /** As they stand: build arguments are no secrets, an image's history shows them. */
  readonly args: Readonly<Record<string, string>>;
  readonly files: Readonly<Record<string, string>>;
  readonly target: string;
  readonly platform: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Reference → id or input digest. */
  readonly bases: Readonly<Record<string, string>>;
  /** Places in the container that dev binds cover: what they hide is not in `files`. Empty for a full digest. */
  readonly hiddenTargets: readonly string[];
  /** Ids of the build's secrets, never what they hold; not there without any. */
  readonly secrets?: readonly string[];
}
