import type { Image } from "./image-model.ts";
import type { GrantedFile, Network, Volume } from "./resource-model.ts";
import type { Service } from "./service-model.ts";

/** A project file, resolved: short forms spelled out, defaults filled in, paths absolute, references checked. Plain data. */
export interface Project {
  readonly name: string;
  /** Absolute path of the project file. */
  readonly file: string;
  /** Absolute path of the project file's directory. */
  readonly directory: string;
  readonly images: Readonly<Record<string, Image>>;
  readonly services: Readonly<Record<string, Service>>;
  readonly networks: Readonly<Record<string, Network>>;
  readonly volumes: Readonly<Record<string, Volume>>;
  readonly secrets: Readonly<Record<string, GrantedFile>>;
  readonly configs: Readonly<Record<string, GrantedFile>>;
  /** Values of the variables that secrets of builds come from, of those that are set; apart, so that no printed image holds one. */
  readonly secretVariables?: Readonly<Record<string, string>>;
  /** Keys of services and images by group; groups within groups are spelled out. */
  readonly groups: Readonly<Record<string, readonly string[]>>;
  /** Profiles that were asked for; `*` is every one. */
  readonly profiles: readonly string[];
  /** Files that were read to make this project: the project file, what it includes, `.env` (also where absent, so that its coming is seen). */
  readonly files: readonly string[];
}
