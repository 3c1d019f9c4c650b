import * as fc from "fast-check";
import { CRASH_IMAGES } from "./crash-scenarios.ts";
import type { SitePorts } from "./crash-site.ts";
import { type Blow, BLOWS } from "./crash-run.ts";

/** Keys of services: few, so that actions meet. */
export const SERVICES = ["a", "b", "c"] as const;
export type ServiceKey = (typeof SERVICES)[number];

/** What a service is wanted to be. */
export interface ModelService {
  readonly color: "red" | "blue";
  readonly image: 0 | 1;
  readonly port: "none" | "A" | "B";
  readonly data: boolean;
  readonly unnamed: boolean;
  readonly dev: boolean;
  readonly networks: readonly ("default" | "back")[];
  readonly health: boolean;
  /** Its process ends at once with an error. */
  readonly broken: boolean;
}

/** What the project file wants. */
export interface Model {
  readonly services: Partial<Record<ServiceKey, ModelService>>;
  /** A label of the network `back`: with another one it has to be made anew. */
  readonly label: number;
}

/** What may happen: edits, runs of dock, faults in them, and somebody outside. Plain data, so that a failure can be read. */
export type Action =
  | { readonly do: "edit"; readonly service: ServiceKey; readonly change: Partial<ModelService> }
  | { readonly do: "drop"; readonly service: ServiceKey }
  | { readonly do: "relabel"; readonly label: number }
  | { readonly do: "up"; readonly only?: ServiceKey }
  | { readonly do: "down"; readonly volumes: boolean }
  | { readonly do: "struck"; readonly args: "up" | "down" | "down -v"; readonly blow: Blow; readonly at: number }
  | { readonly do: "two ups" }
  | {
      readonly do: "kill" | "rm" | "stop" | "pause" | "rename" | "disconnect" | "take name";
      readonly service: ServiceKey;
    }
  | { readonly do: "rm network" | "take network"; readonly network: "default" | "back" }
  | { readonly do: "take volume" }
  | { readonly do: "rmi" | "steal tag"; readonly image: 0 | 1 }
  | { readonly do: "take port"; readonly port: "A" | "B" }
  | { readonly do: "give back" };

const NEW: ModelService = {
  color: "red",
  image: 0,
  port: "none",
  data: false,
  unnamed: false,
  dev: false,
  networks: ["default"],
  health: false,
  broken: false,
};

const service = fc.constantFrom(...SERVICES);
const network = fc.constantFrom("default" as const, "back" as const);
const image = fc.constantFrom(0 as const, 1 as const);

const change: fc.Arbitrary<Partial<ModelService>> = fc.oneof(
  fc.record({ color: fc.constantFrom("red" as const, "blue" as const) }),
  fc.record({ image }),
  fc.record({ port: fc.constantFrom("none" as const, "A" as const, "B" as const) }),
  fc.record({ data: fc.boolean(), unnamed: fc.boolean() }),
  fc.record({ dev: fc.boolean() }),
  fc.record({ networks: fc.subarray(["default" as const, "back" as const], { minLength: 1 }) }),
  fc.record({ health: fc.boolean() }),
  fc.record({ broken: fc.boolean() }),
);

/** One action; runs of dock are the most frequent ones. */
const anyAction: fc.Arbitrary<Action> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("edit" as const), service, change }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("drop" as const), service }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("relabel" as const), label: fc.nat(2) }) },
  { weight: 5, arbitrary: fc.constant<Action>({ do: "up" }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("up" as const), only: service }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("down" as const), volumes: fc.boolean() }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("struck" as const),
      args: fc.constantFrom("up" as const, "up" as const, "up" as const, "down" as const, "down -v" as const),
      blow: fc.constantFrom(...BLOWS),
      at: fc.integer({ min: 1, max: 45 }),
    }),
  },
  { weight: 1, arbitrary: fc.constant<Action>({ do: "two ups" }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom("kill", "rm", "stop", "pause", "rename", "disconnect", "take name"),
      service,
    }) as fc.Arbitrary<Action>,
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom("rm network" as const, "take network" as const), network }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("rmi" as const, "steal tag" as const), image }) },
  {
    weight: 1,
    arbitrary: fc.oneof(
      fc.constant<Action>({ do: "take volume" }),
      fc.record({ do: fc.constant("take port" as const), port: fc.constantFrom("A" as const, "B" as const) }),
    ),
  },
  { weight: 1, arbitrary: fc.constant<Action>({ do: "give back" }) },
);

/** A life of a project: some services, then whatever happens. */
export const anyLife: fc.Arbitrary<readonly Action[]> = fc
  .tuple(
    fc.array(fc.record({ do: fc.constant("edit" as const), service, change }), { minLength: 1, maxLength: 4 }),
    fc.array(anyAction, { minLength: 6, maxLength: 18 }),
  )
  .map(([edits, actions]) => [...edits, ...actions]);

/** The model after an edit; a port that a service takes is taken from the others, as two can't have it. */
export function edited(model: Model, action: Action): Model {
  switch (action.do) {
    case "edit": {
      const before = model.services[action.service] ?? NEW;
      const after: ModelService = { ...before, ...action.change };
      const services = { ...model.services, [action.service]: after };
      for (const key of SERVICES) {
        const other = services[key];
        if (other && key !== action.service && other.port === after.port) services[key] = { ...other, port: "none" };
      }
      return { ...model, services };
    }
    case "drop": {
      const { [action.service]: _dropped, ...services } = model.services;
      return { ...model, services };
    }
    case "relabel":
      return { ...model, label: action.label };
    default:
      return model;
  }
}

/** The model as a project file wants it. `b` needs `a`, when both are there. */
export function projectOf({ services, label }: Model, ports: SitePorts): Readonly<Record<string, unknown>> {
  const declared = SERVICES.flatMap((key) => {
    const one = services[key];
    return one === undefined ? [] : [[key, serviceOf(key, one, { services, ports })] as const];
  });
  const all = SERVICES.flatMap((key) => services[key] ?? []);
  return {
    services: Object.fromEntries(declared),
    ...(all.some(({ networks }) => networks.includes("back"))
      ? { networks: { back: { labels: { label: `${label}` } } } }
      : {}),
    ...(all.some(({ data }) => data) ? { volumes: { data: {} } } : {}),
  };
}

function serviceOf(
  key: ServiceKey,
  one: ModelService,
  around: { readonly services: Model["services"]; readonly ports: SitePorts },
): Readonly<Record<string, unknown>> {
  const needed = key === "b" ? around.services.a : undefined;
  const mounts = [...(one.data ? ["data:/data"] : []), ...(one.unnamed ? ["/cache"] : [])];
  return {
    image: CRASH_IMAGES[one.image],
    command: one.broken ? ["sh", "-c", "echo boom; exit 3"] : ["sleep", "3600"],
    environment: { COLOR: one.color },
    networks: one.networks,
    ...(one.port === "none" ? {} : { ports: [`${around.ports[one.port]}:80`] }),
    ...(mounts.length === 0 ? {} : { mounts }),
    ...(one.dev ? { dev: { mounts: ["./src:/app", "/app/node_modules"] } } : {}),
    ...(one.health ? { healthcheck: { test: ["CMD", "true"], interval: "1s" } } : {}),
    ...(needed ? { depends_on: { a: { condition: needed.health ? "service_healthy" : "service_started" } } } : {}),
  };
}
