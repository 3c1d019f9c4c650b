/** A reference taken apart as the Engine API's pull and tag want it. */
export interface RefParts {
  /** With the registry, without tag and digest. */
  readonly name: string;
  /** A tag, or a digest when the reference has one (`sha256:…`); "latest" when it has neither. */
  readonly tag: string;
}

/** Takes an image reference apart. The engine would take a missing tag for "all of them". */
export function splitRef(ref: string): RefParts {
  const [named = "", digest] = ref.split("@", 2);
  const colon = named.lastIndexOf(":");
  const hasTag = colon > named.lastIndexOf("/");
  const name = hasTag ? named.slice(0, colon) : named;
  return { name, tag: digest ?? (hasTag ? named.slice(colon + 1) : "latest") };
}

/** Host of the registry that a reference is pulled from; `docker.io` for names without one. */
export function registryHost(ref: string): string {
  const first = ref.split("/", 1)[0] ?? "";
  const isHost = ref.includes("/") && (first.includes(".") || first.includes(":") || first === "localhost");
  return isHost ? first : "docker.io";
}
