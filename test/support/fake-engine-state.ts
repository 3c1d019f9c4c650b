import { randomBytes } from "node:crypto";
import { EventEmitter } from "node:events";
import type { ContainerBody } from "../../src/plan/container-body.ts";
import { Refusal } from "./fake-engine-http.ts";

/** How containers of an image behave. */
export interface Behavior {
  /** The process ends by itself; at once when no time is given. */
  readonly exits?: { readonly code: number; readonly afterMs?: number };
  /** The start is refused, as for a command that does not exist. */
  readonly failsToStart?: string;
  /** What the health check comes to; at once when no time is given. */
  readonly health?: { readonly becomes: "healthy" | "unhealthy"; readonly afterMs?: number; readonly output?: string };
  /** Lines that it prints at its start. */
  readonly output?: readonly string[];
  /** What commands in it do; undefined falls back to a few built-in ones. */
  readonly exec?: (command: readonly string[]) => ExecOutcome | undefined;
}

export interface ExecOutcome {
  readonly exitCode: number;
  readonly stdout?: string;
  readonly stderr?: string;
}

export interface FakeImage {
  readonly id: string;
  readonly tags: Set<string>;
  readonly digests: readonly string[];
  lastTagged: number;
  readonly config: {
    readonly Env?: readonly string[];
    readonly Labels?: Readonly<Record<string, string>>;
    readonly Volumes?: Readonly<Record<string, object>>;
    readonly WorkingDir?: string;
    readonly OnBuild?: readonly string[];
    readonly ExposedPorts?: Readonly<Record<string, object>>;
    readonly Healthcheck?: { readonly Test: readonly string[] };
  };
  readonly behavior: Behavior;
}

export interface FakeNetwork {
  readonly id: string;
  readonly name: string;
  readonly driver: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly predefined: boolean;
}

export interface FakeVolume {
  readonly name: string;
  readonly driver: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly anonymous: boolean;
  /** Id of the image whose files it got at a container's creation; undefined while it is empty. */
  filledFrom: string | undefined;
}

export interface FakeMount {
  readonly type: "bind" | "volume" | "tmpfs" | "image";
  readonly source: string;
  readonly target: string;
  readonly anonymous: boolean;
}

export interface FakeEndpoint {
  /** Empty until the container has been started. */
  networkId: string;
  readonly aliases: readonly string[];
}

export type FakeStatus = "created" | "running" | "paused" | "restarting" | "exited";

export interface FakeContainer {
  readonly id: string;
  name: string;
  readonly created: number;
  body: ContainerBody;
  readonly image: FakeImage;
  readonly labels: Readonly<Record<string, string>>;
  readonly mounts: readonly FakeMount[];
  readonly networks: Map<string, FakeEndpoint>;
  readonly log: { readonly time: number; readonly stream: 1 | 2; readonly text: string }[];
  /** Directories that archives were unpacked to, with their bytes. */
  readonly archives: { readonly path: string; readonly bytes: Buffer }[];
  restartPolicy: { Name: string; MaximumRetryCount: number };
  status: FakeStatus;
  exitCode: number;
  error: string;
  startedAt: number | undefined;
  finishedAt: number | undefined;
  health: { status: "starting" | "healthy" | "unhealthy"; output: string } | undefined;
  restarts: number;
  /** Host port by container port, while it runs. */
  ports: { ip: string; hostPort: number; containerPort: number; protocol: string }[];
  removed: boolean;
  /** Counts starts, so that timers of an earlier life do nothing. */
  life: number;
}

export interface FakeExec {
  readonly id: string;
  readonly container: FakeContainer;
  readonly command: readonly string[];
  readonly tty: boolean;
  running: boolean;
  exitCode: number | undefined;
}

/** What an engine says when something happens. */
export interface FakeEvent {
  readonly Type: string;
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> };
  readonly time: number;
  readonly timeNano: number;
}

/** Everything that a fake engine holds. */
export class FakeWorld {
  readonly apiVersion: string;
  readonly ambiguousNetworks: boolean;
  readonly containers: FakeContainer[] = [];
  readonly networks: FakeNetwork[] = ["bridge", "host", "none"].map((name) => ({
    id: randomId(),
    name,
    driver: name === "none" ? "null" : name,
    labels: {},
    predefined: true,
  }));
  readonly volumes: FakeVolume[] = [];
  readonly images: FakeImage[] = [];
  readonly execs: FakeExec[] = [];
  /** Host ports (`tcp/8080`) that processes outside the engine hold. */
  readonly heldPorts = new Set<string>();
  /** Emits `event` for the event stream and `change` whenever a container's state or log changes. */
  readonly happenings = new EventEmitter().setMaxListeners(0);
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(apiVersion: string, ambiguousNetworks: boolean) {
    this.apiVersion = apiVersion;
    this.ambiguousNetworks = ambiguousNetworks;
  }

  /** True for engines that speak at least this minor version. */
  since(minor: number): boolean {
    return Number(this.apiVersion.split(".")[1]) >= minor;
  }

  /** Does something later, unless the engine is closed first. */
  later(milliseconds: number, work: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      work();
    }, milliseconds);
    this.#timers.add(timer);
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.happenings.emit("change");
  }

  tell(
    type: string,
    action: string,
    actor: { readonly id: string; readonly attributes: Readonly<Record<string, string>> },
  ): void {
    const now = Date.now();
    const event: FakeEvent = {
      Type: type,
      Action: action,
      Actor: { ID: actor.id, Attributes: actor.attributes },
      time: Math.floor(now / 1000),
      timeNano: now * 1e6,
    };
    this.happenings.emit("event", event);
    this.happenings.emit("change");
  }

  tellContainer(container: FakeContainer, action: string): void {
    const attributes = { ...container.labels, name: container.name, image: container.body.Image };
    this.tell("container", action, { id: container.id, attributes });
  }

  /** By id, a beginning of it, or name. */
  container(ref: string): FakeContainer {
    const found =
      this.containers.find((container) => container.id === ref || container.name === ref.replace(/^\//, "")) ??
      this.containers.find((container) => ref.length >= 3 && container.id.startsWith(ref));
    if (!found) throw new Refusal(404, `No such container: ${ref}`);
    return found;
  }

  network(ref: string): FakeNetwork {
    const byId = this.networks.find((network) => network.id === ref);
    if (byId) return byId;
    const named = this.networks.filter((network) => network.name === ref);
    if (named.length > 1) throw new Refusal(400, `network ${ref} is ambiguous (${named.length} matches found on name)`);
    const found = named[0] ?? this.networks.find((network) => ref.length >= 3 && network.id.startsWith(ref));
    if (!found) throw new Refusal(404, `network ${ref} not found`);
    return found;
  }

  /** By id, a beginning of it, or reference. */
  findImage(ref: string): FakeImage | undefined {
    const name = normalizeRef(ref);
    return (
      this.images.find((image) => image.id === ref || image.tags.has(name) || image.digests.includes(ref)) ??
      this.images.find((image) => /^[0-9a-f]{3,}$/.test(ref) && image.id.slice(7).startsWith(ref))
    );
  }

  image(ref: string): FakeImage {
    const found = this.findImage(ref);
    if (!found) throw new Refusal(404, `No such image: ${ref.startsWith("sha256:") ? ref : normalizeRef(ref)}`);
    return found;
  }

  /** Which containers mount a volume. */
  volumeUsers(name: string): readonly FakeContainer[] {
    return this.containers.filter((container) =>
      container.mounts.some((mount) => mount.type === "volume" && mount.source === name),
    );
  }
}

/** 64 hexadecimal characters. */
export function randomId(): string {
  return randomBytes(32).toString("hex");
}

/** A reference as the engine spells it: with a tag, without the hub's own prefixes. */
export function normalizeRef(ref: string): string {
  const short = ref.replace(/^(index\.)?docker\.io\//, "").replace(/^library\//, "");
  if (short.includes("@")) return short;
  return short.lastIndexOf(":") > short.lastIndexOf("/") ? short : `${short}:latest`;
}
