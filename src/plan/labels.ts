/** Keys of the labels by which dock knows its own objects (spec §2). */
export const LABEL = {
  project: "dev.dock.project",
  /** Absolute path of the project file. */
  file: "dev.dock.file",
  service: "dev.dock.service",
  number: "dev.dock.number",
  network: "dev.dock.network",
  volume: "dev.dock.volume",
  /** Target path of an anonymous dev volume. */
  devTarget: "dev.dock.dev-target",
  /** Target path of an anonymous volume with data. */
  dataTarget: "dev.dock.data-target",
  /** Set on a volume that dock puts secrets and configs into; `devTarget` tells where it is. */
  files: "dev.dock.files",
  /** Id of the image that filled an anonymous dev volume. */
  filledFrom: "dev.dock.filled-from",
  /** Canonical spec as JSON, values of the environment as keyed hashes. */
  spec: "dev.dock.spec",
  specDigest: "dev.dock.spec-digest",
  /** Key of the hashes in `spec`. */
  salt: "dev.dock.salt",
  /** Ids of the containers whose namespaces it joined when it was created, by service, as JSON. */
  owners: "dev.dock.owners",
  /** Host ports that dock chose, as JSON: `{"127.0.0.1:3000/tcp": 20017}`. */
  ports: "dev.dock.ports",
  /** Input digest of the image that the container was created from. */
  input: "dev.dock.input",
  /** `dev` or `plain`: how `up` was called. */
  mode: "dev.dock.mode",
  /** Set on containers of `run`: they are no slot of their service. */
  oneOff: "dev.dock.one-off",
} as const;
