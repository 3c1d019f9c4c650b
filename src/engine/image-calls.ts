import type { ObservedImage } from "../plan/observed.ts";
import type { Credentials } from "./auth.ts";
import type { BuildEvent } from "./buildkit/build-event.ts";
import type { ClassicBuild } from "./classic-build.ts";

export interface ImageCalls {
  /** All images but intermediate ones. */
  listImages(signal: AbortSignal): Promise<readonly ObservedImage[]>;
  /** By id or reference; undefined when the engine has none. */
  inspectImage(ref: string, signal: AbortSignal): Promise<ImageDetail | undefined>;
  /** Newest step first. */
  imageHistory(ref: string, signal: AbortSignal): Promise<readonly HistoryStep[]>;
  /** `ref` has a tag; it is moved when it is in use. */
  tagImage(image: string, ref: string, signal: AbortSignal): Promise<void>;
  /** Removes one reference, and the image when it was the last. `status` 409 while a container needs it. */
  removeImage(ref: string, signal: AbortSignal): Promise<void>;
  /** Returns when the engine has the image. */
  pullImage(ref: string, options: PullOptions, signal: AbortSignal): Promise<void>;
  /** Builds with the older builder, without BuildKit; gives the image's id. Rejects with `BuildFailure`. */
  buildClassic(
    request: ClassicBuild,
    run: { readonly emit: (event: BuildEvent) => void; readonly signal: AbortSignal },
  ): Promise<string>;
  /** Returns when the registry has the image, with the digest that it goes by there, where the engine tells it. */
  pushImage(ref: string, options: PushOptions, signal: AbortSignal): Promise<string | undefined>;
}

export interface ImageDetail extends ObservedImage {
  /** Seconds since the epoch; undefined where it is not known. */
  readonly lastTagged?: number;
  readonly config: NonNullable<ObservedImage["config"]>;
  /** "linux/amd64". */
  readonly platform: string;
  /** Bytes. */
  readonly size: number;
  readonly user: string;
  readonly exposedPorts: readonly string[];
  readonly healthcheck: boolean;
  /** Ids of the layers' content, the lowest first. */
  readonly layers: readonly string[];
}

export interface HistoryStep {
  /** Undefined for a step whose image is not kept on the engine. */
  readonly id?: string;
  /** Seconds since the epoch. */
  readonly created: number;
  readonly createdBy: string;
  /** Bytes. */
  readonly size: number;
  readonly tags: readonly string[];
  readonly comment: string;
}

export interface PullOptions {
  readonly platform?: string;
  /** For the registry of the reference, and sent to no other. */
  readonly credentials?: Credentials;
  readonly onProgress: (progress: PullProgress) => void;
}

/** The platform is what the tag names. */
export type PushOptions = Omit<PullOptions, "platform">;

export interface PullProgress {
  /** Short id of a layer; empty for the image as a whole. */
  readonly layer: string;
  readonly status: string;
  /** Bytes, where the engine tells. */
  readonly current?: number;
  readonly total?: number;
}
