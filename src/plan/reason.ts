/** Why an action is in a plan. `path`, `before`, `after` and `files` are for people and scripts alike (spec §6). */
export interface Reason {
  readonly code: ReasonCode;
  /** Property of the service, network or image that differs, `environment.PORT`. */
  readonly path?: string;
  readonly before?: string;
  readonly after?: string;
  /** Files of a build context that differ. */
  readonly files?: readonly string[];
}

export type ReasonCode =
  /** It is wanted and not there. */
  | "missing"
  /** Asked for by a flag. */
  | "forced"
  /** A property of it differs from the file. */
  | "config-changed"
  /** Files of the build context differ. */
  | "files-changed"
  | "dockerfile-changed"
  | "arg-changed"
  | "target-changed"
  | "platform-changed"
  | "label-changed"
  /** The build has other secrets by their ids. */
  | "secrets-changed"
  /** An image that it starts or copies from is another one now. */
  | "base-changed"
  /** Its inputs differ and what they were before is not known any more. */
  | "inputs-changed"
  /** The image behind a container's reference has another id. */
  | "image-changed"
  /** An image that this run builds may have another id afterwards. */
  | "image-rebuilt"
  /** A tag names another image than the file asks for. */
  | "tag-moved"
  /** It was stopped, paused or killed from outside. */
  | "not-running"
  | "unhealthy"
  | "renamed"
  | "disconnected"
  /** Somebody else has the host port that was chosen for it. */
  | "port-taken"
  | "volume-gone"
  | "network-changed"
  /** Something it needs is being replaced. */
  | "dependency-replaced"
  /** The container whose namespace it shares starts, in new ones. */
  | "namespace-renewed"
  /** The project file does not want it any more. */
  | "orphan"
  | "scaled-down"
  /** Left by a run that was interrupted. */
  | "leftover"
  /** More input tags than are kept. */
  | "superseded"
  /** `down` was asked for. */
  | "teardown"
  /** Somebody waits for it. */
  | "dependency";
