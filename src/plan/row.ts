import type { ContainerBody } from "./container-body.ts";
import type { EffectiveService } from "./mode.ts";
import type { ObservedLive } from "./observed.ts";
import type { SpecValue } from "./spec-value.ts";

/** What the rows read: one container of a service with everything resolved but the id of its image. */
export interface ContainerWish {
  readonly service: EffectiveService;
  /** `env_file`s, `environment` and dev's, merged. */
  readonly environment: Readonly<Record<string, string>>;
  /** `uid:gid` or a name; undefined: the image's. */
  readonly user?: string;
  /** Network key → name on the engine. */
  readonly networkNames: Readonly<Record<string, string>>;
  /** Volume key → name on the engine. */
  readonly volumeNames: Readonly<Record<string, string>>;
  /** Names under which other containers of a network find it: always the service and the container's final name. */
  readonly aliases: readonly string[];
  readonly secrets: readonly WishedFile[];
  readonly configs: readonly WishedFile[];
}

/** A file that the container is given. */
export interface WishedFile {
  /** Absolute path in the container. */
  readonly target: string;
  /** Keyed hash of the content: the content itself never leaves the process but into the container. */
  readonly hash: string;
  readonly uid: number;
  readonly gid: number;
  /** Permission bits. */
  readonly mode: number;
}

/** One property of a container: how it stands in the canonical spec and how it reaches the engine. */
export interface Row<T extends SpecValue> {
  /** Undefined leaves the property to the image or the engine. */
  readonly read: (wish: ContainerWish) => T | undefined;
  readonly write: (body: ContainerBody, value: T) => void;
  /** There for a property that a running container can get another value of; any other one needs a new container. */
  readonly inPlace?: InPlace<T>;
  /** What of a value older engines don't know. They would leave it out without a word, so it is refused there. */
  readonly needs?: (value: T) => EngineNeed | undefined;
}

/** How a property changes in a container that stays. */
export interface InPlace<T extends SpecValue> {
  /** The value that a container has now; undefined where it has none, or where the engine does not keep it. */
  readonly live: (live: ObservedLive) => T | undefined;
  /** Takes the value away. Without this only a new container can be without one. */
  readonly clear?: (body: ContainerBody) => void;
}

/** Something that only engines from an API version on can do. */
export interface EngineNeed {
  /** `1.48`. */
  readonly api: string;
  /** The release that came with, for people: "28". */
  readonly release: string;
  readonly what: string;
}

/** A row for the table, whatever its value's type. */
export function row<T extends SpecValue>(
  read: Row<T>["read"],
  write: Row<T>["write"],
  more: Pick<Row<T>, "inPlace" | "needs"> = {},
): Row<SpecValue> {
  const { inPlace, needs } = more;
  return {
    read,
    write: (body, value) => write(body, value as T),
    ...(inPlace === undefined ? {} : { inPlace }),
    ...(needs === undefined ? {} : { needs: (value) => needs(value as T) }),
  };
}

/** The list, or undefined when nothing is in it. */
export function list<T>(values: readonly T[]): readonly T[] | undefined {
  return values.length > 0 ? values : undefined;
}

/** The map, or undefined when nothing is in it. */
export function map<T>(values: Readonly<Record<string, T>>): Readonly<Record<string, T>> | undefined {
  return Object.keys(values).length > 0 ? values : undefined;
}

/** `true`, or undefined: absence is the default. */
export function flag(value: boolean): true | undefined {
  return value ? true : undefined;
}
