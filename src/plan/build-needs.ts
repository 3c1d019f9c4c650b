import type { Image } from "../project/image-model.ts";

/** What decides which of an image's settings an engine's builder can carry out. */
export interface BuilderAbilities {
  readonly apiVersion: string;
  /** The engine's own version, for people. */
  readonly version: string | undefined;
  /** True for the containerd image store, false for the classic one. */
  readonly containerdStore: boolean;
}

/** A setting that an engine can't carry out, and what would make it possible. */
export interface UnmetBuildNeed {
  readonly what: string;
  readonly hint: string;
}

/** API of Engine 23.0. */
const NAMED_CONTEXTS = 42;

/** What one image asks for and this engine's builder would leave out, or fail at after a while. */
export function unmetBuildNeeds(image: Image, engine: BuilderAbilities): readonly UnmetBuildNeed[] {
  const [major = 0, minor = 0] = engine.apiVersion.split(".").map(Number);
  const old = major === 1 && minor < NAMED_CONTEXTS;
  const newer = `use Docker Engine 23 or newer, or leave that out`;
  const store =
    'switch on the containerd image store (Engine 24 or newer: {"features": {"containerd-snapshotter": true}} in the engine\'s daemon.json), or leave that out';
  return [
    ...(old ? askedOfNewer(image).map((what) => ({ what, hint: newer })) : []),
    ...(engine.containerdStore ? [] : askedOfStore(image).map((what) => ({ what, hint: store }))),
  ];
}

/** True where it takes a look at the engine's store to know whether the image can be built. */
export function needsContainerdStore(image: Image): boolean {
  return askedOfStore(image).length > 0;
}

/** Builders before Engine 23 leave these out without a word, or look a named context up in a registry. */
function askedOfNewer(image: Image): readonly string[] {
  return [
    ...(Object.keys(image.contexts).length > 0 ? ["contexts"] : []),
    ...(image.shmSize === undefined ? [] : ["shm_size"]),
    ...(image.ulimits.length > 0 ? ["ulimits"] : []),
    ...(image.extraHosts.some((host) => host.endsWith("host-gateway")) ? ["host-gateway in extra_hosts"] : []),
  ];
}

/** The classic store holds images of one platform, without attestations, and exports no cache but inline. */
function askedOfStore(image: Image): readonly string[] {
  return [
    ...(image.platforms.length > 1 ? [`${image.platforms.length} platforms`] : []),
    ...(image.provenance === undefined ? [] : ["provenance"]),
    ...(image.sbom === undefined ? [] : ["sbom"]),
    ...(image.cacheTo.some(({ type }) => type === "registry") ? ["cache_to a registry"] : []),
    ...(image.cacheTo.some(({ type }) => type === "local") ? ["cache_to a directory"] : []),
    ...(Object.values(image.contexts).some(({ kind }) => kind === "layout") ? ["a context in an OCI layout"] : []),
    ...(image.outputs.some(({ kind }) => kind === "oci") ? ["output oci"] : []),
  ];
}
