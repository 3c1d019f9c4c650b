import type { Revision, SitePorts } from "./crash-site.ts";

/** A command on the project, after its file has been written anew when a revision is given. */
export interface CrashStep {
  readonly revision?: Revision;
  readonly args: readonly string[];
  /** Exit code when nothing goes wrong from outside. */
  readonly code: number;
}

/** What is done when a fault strikes, what led there, and how it is made good. */
export interface CrashScenario {
  readonly name: string;
  readonly before: readonly CrashStep[];
  /** The step in which the fault strikes. */
  readonly struck: CrashStep;
  /** Afterwards: it has to come to what it comes to without a fault. */
  readonly recovery: CrashStep;
  /** Where the recovery is bound to fail for a reason of its own: the step that then brings everything right. */
  readonly mending?: CrashStep;
  /** Whether the volumes that were there before have to keep their data. */
  readonly keepsData: boolean;
  /** There where it matters how soon the engine tells of an end: only a fake one is quick enough however busy the machine. */
  readonly timely?: true;
}

/** Images that the scenarios need; the second is another one than the first. */
export const CRASH_IMAGES = ["busybox:latest", "dockcrash-two:latest"] as const;

const IDLE = { image: "busybox:latest", command: ["sleep", "3600"], stop_signal: "SIGKILL" };

const DB = {
  ...IDLE,
  mounts: ["data:/data", "/cache"],
  healthcheck: { test: ["CMD", "true"], interval: "200ms" },
};

function web(ports: SitePorts): Readonly<Record<string, unknown>> {
  return {
    ...IDLE,
    ports: [`${ports["A"]}:80`],
    environment: { COLOR: "red" },
    mounts: ["shared:/shared"],
    networks: ["default", "back"],
    depends_on: { db: { condition: "service_healthy" } },
    dev: { mounts: ["./src:/app", "/app/node_modules"] },
  };
}

const rest = { networks: { back: {} }, volumes: { data: {}, shared: {} } };

/** A project with a database, a web server that needs it, and others. */
export const FIRST: Revision = (ports) => ({
  services: {
    db: DB,
    web: web(ports),
    keep: { ...IDLE, restart: "unless-stopped" },
    gone: { ...IDLE, ports: [`${ports["B"]}:80`] },
    former: { ...IDLE, mounts: ["shared:/shared"] },
  },
  ...rest,
});

/** Another image, environment, mount; a port that a removed service held; a renamed service. */
export const SECOND: Revision = (ports) => ({
  services: {
    db: { ...DB, image: "dockcrash-two:latest" },
    web: { ...web(ports), environment: { COLOR: "blue" }, mounts: ["shared:/elsewhere"], ports: [`${ports["B"]}:80`] },
    keep: { ...IDLE, restart: "unless-stopped" },
    latter: { ...IDLE, mounts: ["shared:/shared"] },
  },
  ...rest,
});

const DYING = { command: ["sh", "-c", "echo boom; exit 3"] };

/** As the second, but with another `web`. */
function withWeb(web: object): Revision {
  return (ports) => {
    const { services, ...others } = SECOND(ports) as { readonly services: Readonly<Record<string, object>> };
    return { services: { ...services, web: { ...services["web"], ...web } }, ...others };
  };
}

/** What `web` runs ends at once. */
const dying = withWeb(DYING);

/** The same, and however late the engine tells of the end: nothing else than healthy would do. */
const broken = withWeb({ ...DYING, healthcheck: { test: ["CMD", "false"], interval: "1h" } });

const UP = ["up", "-d"] as const;

/** A step that brings a revision up. */
function up(revision: Revision, code = 0): CrashStep {
  return { revision, args: UP, code };
}

function down(...flags: readonly string[]): CrashStep {
  return { args: ["down", ...flags], code: 0 };
}

/** Two services that take each other's host ports, the second one needing the first; what they keep is theirs. */
function swapped(api: "A" | "B", web: "A" | "B"): Revision {
  return (ports) => ({
    services: {
      api: { ...IDLE, ports: [`${ports[api]}:80`], mounts: ["data:/data"] },
      web: { ...IDLE, ports: [`${ports[web]}:80`], depends_on: ["api"] },
    },
    volumes: { data: {} },
  });
}

/** The scenarios of the crash loop, as `npm run test:faults` names them. */
export const CRASH_SCENARIOS: readonly CrashScenario[] = [
  { name: "empty-up", before: [], struck: up(FIRST), recovery: up(FIRST), keepsData: true },
  { name: "change", before: [up(FIRST)], struck: up(SECOND), recovery: up(SECOND), keepsData: true },
  {
    name: "broken",
    before: [up(FIRST)],
    struck: up(broken, 5),
    recovery: up(broken, 5),
    mending: up(SECOND),
    keepsData: true,
  },
  {
    name: "dying",
    before: [up(FIRST)],
    struck: up(dying, 5),
    recovery: up(dying, 5),
    mending: up(SECOND),
    keepsData: true,
    timely: true,
  },
  {
    name: "empty-broken",
    before: [],
    struck: up(broken, 5),
    recovery: up(broken, 5),
    mending: up(SECOND),
    keepsData: true,
  },
  {
    name: "swap",
    before: [up(swapped("A", "B"))],
    struck: up(swapped("B", "A")),
    recovery: up(swapped("B", "A")),
    keepsData: true,
  },
  { name: "down", before: [up(FIRST)], struck: down(), recovery: down(), keepsData: true },
  { name: "down-up", before: [up(FIRST)], struck: down(), recovery: up(FIRST), keepsData: true },
  { name: "down-volumes", before: [up(FIRST)], struck: down("-v"), recovery: down("-v"), keepsData: false },
];

/** The step that leaves nothing of a project. */
export const CLEAN: CrashStep = down("-v");
