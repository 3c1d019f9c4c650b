import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LABEL } from "../../src/plan/labels.ts";
import type { Observed } from "../../src/plan/observed.ts";
import { reconcile } from "../../src/plan/reconcile.ts";
import { plainRequest } from "../../src/plan/request.ts";
import { teardown } from "../../src/plan/teardown.ts";
import { wantedSlots } from "../../src/plan/wanted.ts";
import { applyPlan } from "../support/plan-interpreter.ts";
import { emptyEngine, inputsOf, projectOf } from "../support/world.ts";

/** Small pools make names, ports and images collide. */
const SERVICES = ["api", "db", "web"];

interface ServiceDraft {
  readonly image: string;
  readonly port: number | undefined;
  readonly value: string;
  readonly volume: boolean;
  readonly dev: boolean;
  readonly healthcheck: boolean;
  readonly scale: number;
  readonly restart: string;
  readonly dependsOn: readonly string[];
}

interface ProjectDraft {
  readonly services: Readonly<Record<string, ServiceDraft>>;
  readonly content: Readonly<Record<string, string>>;
}

const service = (name: string): fc.Arbitrary<ServiceDraft> =>
  fc.record({
    image: fc.constantFrom("app", "base", "postgres:16", "nginx"),
    port: fc.option(fc.constantFrom(3000 + SERVICES.indexOf(name), 4000 + SERVICES.indexOf(name)), { nil: undefined }),
    value: fc.constantFrom("1", "2"),
    volume: fc.boolean(),
    dev: fc.boolean(),
    healthcheck: fc.boolean(),
    scale: fc.constantFrom(1, 1, 2),
    restart: fc.constantFrom("no", "always"),
    dependsOn: fc.subarray(SERVICES.slice(0, SERVICES.indexOf(name))),
  });

const draft: fc.Arbitrary<ProjectDraft> = fc
  .record({
    names: fc.subarray(SERVICES, { minLength: 1 }),
    services: fc.record({ api: service("api"), db: service("db"), web: service("web") }),
    content: fc.record({ app: fc.constantFrom("x", "y"), base: fc.constantFrom("x", "y") }),
  })
  .map(({ names, services, content }) => ({
    services: Object.fromEntries(names.map((name) => [name, services[name as "api"]])),
    content,
  }));

function yamlOf({ services }: ProjectDraft): string {
  const known = Object.keys(services);
  const rendered = Object.entries(services).map(([name, of]) => {
    const scale = of.port === undefined ? of.scale : 1;
    return [
      `  ${name}:`,
      `    image: "${of.image}"`,
      `    environment: { VALUE: "${of.value}" }`,
      `    restart: "${of.restart}"`,
      `    scale: ${scale}`,
      ...(of.port === undefined ? [] : [`    ports: ["${of.port}:80"]`]),
      ...(of.volume ? ['    mounts: ["data:/data", "/cache"]'] : []),
      ...(of.healthcheck ? ["    healthcheck: { test: [CMD, ok] }"] : []),
      ...(of.dev ? [`    dev: { mounts: ["./${name}:/app", "/app/node_modules"] }`] : []),
      `    depends_on: [${of.dependsOn.filter((other) => known.includes(other)).join(", ")}]`,
    ].join("\n");
  });
  return `name: shop
images: { app: { context: ./app }, base: { context: ./base } }
volumes: { data: {} }
services:
${rendered.join("\n")}
`;
}

function worldOf(of: ProjectDraft, observed: Observed) {
  const project = projectOf(yamlOf(of));
  const inputs = inputsOf(project, {
    app: { "app.js": of.content["app"] ?? "" },
    base: { "base.js": of.content["base"] ?? "" },
  });
  return { project, inputs, observed };
}

/** As `up` does it: plan and carry out until nothing is left, three rounds at most. */
function upUntilEmpty(of: ProjectDraft, observed: Observed): Observed {
  let engine = observed;
  for (let round = 0; round < 3; round += 1) {
    const world = worldOf(of, engine);
    const reconciled = reconcile(world.project, world, plainRequest("dev"));
    if (reconciled.plan.actions.length === 0) break;
    engine = applyPlan(world, reconciled);
  }
  return engine;
}

/** What an outside actor may have done to an engine. */
const damage = fc.array(
  fc.record({
    what: fc.constantFrom("stop", "remove", "rename", "untag", "remove-network", "pause"),
    which: fc.nat(5),
  }),
  { maxLength: 3 },
);

function damaged(engine: Observed, acts: readonly { readonly what: string; readonly which: number }[]): Observed {
  let now = engine;
  for (const { what, which } of acts) {
    const victim = now.containers[which % Math.max(1, now.containers.length)];
    const image = now.images[which % Math.max(1, now.images.length)];
    if (what === "remove-network") now = { ...now, networks: now.networks.slice(1) };
    if (what === "untag" && image)
      now = {
        ...now,
        images: now.images
          .filter((other) => other !== image || now.containers.some(({ imageId }) => imageId === image.id))
          .map((other) => (other === image ? { ...other, tags: other.tags.slice(1) } : other)),
      };
    if (!victim) continue;
    const others = now.containers.filter((container) => container !== victim);
    if (what === "remove") now = { ...now, containers: others };
    if (what === "stop") now = { ...now, containers: [...others, { ...victim, state: "exited", exitCode: 137 }] };
    if (what === "pause") now = { ...now, containers: [...others, { ...victim, state: "paused" }] };
    if (what === "rename") now = { ...now, containers: [...others, { ...victim, name: `${victim.name}-renamed` }] };
  }
  return now;
}

const ids = (plan: { readonly actions: readonly { readonly id: string }[] }): readonly string[] =>
  plan.actions.map(({ id }) => id);

describe("whatever the engine holds", () => {
  test("carrying out the plan leaves nothing to do", () => {
    fc.assert(
      fc.property(draft, draft, damage, (before, after, acts) => {
        const engine = upUntilEmpty(after, damaged(upUntilEmpty(before, emptyEngine()), acts));
        const world = worldOf(after, engine);
        expect(ids(reconcile(world.project, world, plainRequest("dev")).plan)).toEqual([]);
      }),
      { numRuns: 120 },
    );
  });

  test("every action comes after those it waits for, and none waits for one that is not there", () => {
    fc.assert(
      fc.property(draft, draft, damage, (before, after, acts) => {
        const world = worldOf(after, damaged(upUntilEmpty(before, emptyEngine()), acts));
        const { actions } = reconcile(world.project, world, plainRequest("dev")).plan;
        const seen = new Set<string>();
        for (const action of actions) {
          for (const earlier of action.after) expect(seen).toContain(earlier);
          expect(action.reasons).not.toEqual([]);
          seen.add(action.id);
        }
      }),
      { numRuns: 120 },
    );
  });

  test("the order of the engine's lists changes no plan", () => {
    fc.assert(
      fc.property(draft, draft, damage, fc.infiniteStream(fc.nat(100)), (before, after, acts, random) => {
        const world = worldOf(after, damaged(upUntilEmpty(before, emptyEngine()), acts));
        const shuffled = <T>(list: readonly T[]): readonly T[] =>
          list
            .map((item) => ({ item, rank: random.next().value ?? 0 }))
            .toSorted((a, b) => a.rank - b.rank)
            .map(({ item }) => item);
        const { observed } = world;
        const mixed = {
          ...observed,
          containers: shuffled(observed.containers),
          networks: shuffled(observed.networks),
          volumes: shuffled(observed.volumes),
          images: shuffled(observed.images),
        };
        const request = plainRequest("dev");
        expect(reconcile(world.project, { ...world, observed: mixed }, request).plan).toEqual(
          reconcile(world.project, world, request).plan,
        );
      }),
      { numRuns: 80 },
    );
  });

  test("no volume with data goes unless down is asked to", () => {
    fc.assert(
      fc.property(draft, draft, damage, (before, after, acts) => {
        const world = worldOf(after, damaged(upUntilEmpty(before, emptyEngine()), acts));
        const data = new Set(
          world.observed.volumes
            .filter((volume) => volume.labels[LABEL.devTarget] === undefined)
            .map(({ name }) => name),
        );
        const plans = [
          reconcile(world.project, world, plainRequest("dev")).plan,
          teardown(world.project, world.observed, { volumes: false, images: [], stopSeconds: {} }),
        ];
        for (const { operation } of plans.flatMap(({ actions }) => actions)) {
          if (operation.kind === "volume.remove") expect(data).not.toContain(operation.name);
          if (operation.kind === "container.remove") expect(operation.volumes).toBe(false);
        }
      }),
      { numRuns: 80 },
    );
  });

  test("after down with volumes nothing of the project is left", () => {
    fc.assert(
      fc.property(draft, damage, (before, acts) => {
        const world = worldOf(before, damaged(upUntilEmpty(before, emptyEngine()), acts));
        const plan = teardown(world.project, world.observed, {
          volumes: true,
          images: ["app", "base"],
          stopSeconds: {},
        });
        const left = applyPlan(world, { plan, conflicts: [], images: new Map(), slots: [] });
        expect({ containers: left.containers, networks: left.networks, volumes: left.volumes }).toEqual({
          containers: [],
          networks: [],
          volumes: [],
        });
      }),
      { numRuns: 100 },
    );
  });
});

describe("how the file is written", () => {
  test("changes no digest: key order, comments, anchors and line ends", () => {
    fc.assert(
      fc.property(draft, (of) => {
        const text = yamlOf(of);
        const [head = "", tail = ""] = text.split("services:\n");
        const blocks = tail.split(/(?=^  \w)/m).map((block) => block.split("\n").filter((line) => line !== ""));
        const reordered = blocks.toReversed().map(([name, ...lines]) => [name, ...lines.toReversed()].join("\n"));
        const anchored = `x-env: &value { VALUE: "anchored" }\n${head}services:\n${reordered.join("\n")}\n`;
        const variants = [`# comment\r\n${text.replaceAll("\n", "\r\n")}`, anchored];
        const digests = (yaml: string) => {
          const project = projectOf(yaml);
          const world = { inputs: inputsOf(project), observed: emptyEngine() };
          return wantedSlots(project, world, {
            mode: "dev",
            services: Object.keys(project.services).toSorted((a, b) => (a < b ? -1 : 1)),
          }).map(({ specDigest }) => specDigest);
        };
        for (const variant of variants) expect(digests(variant)).toEqual(digests(text));
      }),
      { numRuns: 100 },
    );
  });

  test("adding a service touches no other one", () => {
    fc.assert(
      fc.property(draft, service("web"), (of, added) => {
        const { web: _, ...others } = of.services;
        const before = { ...of, services: others };
        fc.pre(Object.keys(others).length > 0);
        const engine = upUntilEmpty(before, emptyEngine());
        const world = worldOf({ ...of, services: { ...others, web: { ...added, dependsOn: [] } } }, engine);
        const { plan } = reconcile(world.project, world, plainRequest("dev"));
        const touched = plan.actions
          .filter(({ target }) => target.startsWith("service:"))
          .map(({ target }) => target.split("/")[0]);
        expect(new Set(touched)).toEqual(new Set(["service:web"]));
      }),
      { numRuns: 80 },
    );
  });
});
