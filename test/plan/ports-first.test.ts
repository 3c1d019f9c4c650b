import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { neededPorts } from "../../src/plan/host-ports.ts";
import type { Observed } from "../../src/plan/observed.ts";
import { type Operation, slotTarget } from "../../src/plan/operation.ts";
import type { Plan } from "../../src/plan/plan.ts";
import { type Reconciled, reconcile } from "../../src/plan/reconcile.ts";
import { plainRequest } from "../../src/plan/request.ts";
import { applyPlan, type PlannedWorld } from "../support/plan-interpreter.ts";
import { emptyEngine, inputsOf, projectOf } from "../support/world.ts";

interface Draft {
  readonly port?: number | undefined;
  readonly needs?: readonly string[];
}

type Drafts = Readonly<Record<string, Draft>>;

function planned(drafts: Drafts, observed: Observed): { readonly world: PlannedWorld; readonly made: Reconciled } {
  const services = Object.entries(drafts).map(([name, { port, needs = [] }]) => {
    const ports = port === undefined ? "" : `ports: ["${port}:80"], `;
    return `  ${name}: { image: nginx, ${ports}depends_on: [${needs.join(", ")}] }`;
  });
  const project = projectOf(`name: shop\nservices:\n${services.join("\n")}\n`);
  const world = { project, inputs: inputsOf(project), observed };
  return { world, made: reconcile(project, world, plainRequest("dev")) };
}

function up(drafts: Drafts, observed: Observed = emptyEngine()): Observed {
  const { world, made } = planned(drafts, observed);
  return applyPlan(world, made);
}

const replacements = ({ actions }: Plan): readonly Operation<"container.replace">[] =>
  actions.flatMap(({ operation }) => (operation.kind === "container.replace" ? [operation] : []));

describe("host ports that move between services", () => {
  test("are handed over at once where two services swap them", () => {
    const { made } = planned(
      { api: { port: 8080 }, web: { port: 8081 } },
      up({ api: { port: 8081 }, web: { port: 8080 } }),
    );
    const [first, last] = replacements(made.plan);
    expect([first?.handover?.part, last?.handover?.part]).toEqual(["first", "last"]);
    expect(first?.handover?.replaced.map(({ slot }) => slot.service).sort()).toEqual(["api", "web"]);
    expect(made.conflicts).toEqual([]);
  });

  test("need nothing but an order where one service gives up what another one takes", () => {
    const { made } = planned({ api: { port: 8080 }, web: {} }, up({ api: {}, web: { port: 8080 } }));
    const all = replacements(made.plan);
    expect(all.map(({ slot }) => slot.service)).toEqual(["web", "api"]);
    expect(all.flatMap(({ handover }) => handover ?? [])).toEqual([]);
  });

  test("are handed over where the service that gives one up waits for the one that takes it", () => {
    const before = up({ api: {}, web: { port: 8080, needs: ["api"] } });
    const { made } = planned({ api: { port: 8080 }, web: { needs: ["api"] } }, before);
    expect(replacements(made.plan).map(({ slot, handover }) => [slot.service, handover?.part])).toEqual([
      ["api", "first"],
      ["web", "last"],
    ]);
  });

  test("are handed over to a new service, too", () => {
    const before = up({ web: { port: 8080 } });
    const { made } = planned({ api: { port: 8080 }, web: { needs: ["api"] } }, before);
    const parts = made.plan.actions.map(({ operation }) => [
      operation.kind,
      "handover" in operation ? operation.handover?.part : undefined,
    ]);
    expect(parts.filter(([, part]) => part !== undefined)).toEqual([
      ["container.start", "first"],
      ["container.wait", "between"],
      ["container.replace", "last"],
    ]);
  });

  test("stay with a service that was not asked for, which is said before anything is touched", () => {
    const observed = up({ api: {}, web: { port: 8080 } });
    const project = projectOf(
      'name: shop\nservices:\n  api: { image: nginx, ports: ["8080:80"] }\n  web: { image: nginx }\n',
    );
    const world = { project, inputs: inputsOf(project), observed };
    const { conflicts } = reconcile(project, world, { ...plainRequest("dev"), services: ["api"] });
    expect(conflicts.map(({ message }) => message)).toEqual([
      "service api publishes port 8080 of 127.0.0.1, which container shop-web-1 holds",
    ]);
  });

  test("are free when they are taken, whatever moves where, and nothing is left to do", () => {
    const port = fc.option(fc.constantFrom(0, 1, 2, 3), { nil: undefined });
    const names = ["a", "b", "c", "d"];
    const drafts = fc
      .tuple(fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }), fc.array(port, { minLength: 4, maxLength: 4 }))
      .chain(([order, kept]) =>
        fc
          .tuple(...names.map((_, index) => fc.subarray(names.slice(0, index))))
          .map((needs): Drafts =>
            Object.fromEntries(
              names.map((name, index) => [
                name,
                { needs: needs[index] ?? [], port: kept[index] === undefined ? undefined : 8000 + (order[index] ?? 0) },
              ]),
            ),
          ),
      );
    const some = fc.tuple(drafts, fc.subarray(names, { minLength: 1 })).map(([all, chosen]): Drafts => {
      const known = Object.entries(all).filter(([name]) => chosen.includes(name));
      return Object.fromEntries(
        known.map(([name, draft]) => [
          name,
          { ...draft, needs: (draft.needs ?? []).filter((other) => chosen.includes(other)) },
        ]),
      );
    });
    fc.assert(
      fc.property(some, some, (before, after) => {
        const observed = up(before);
        const { world, made } = planned(after, observed);
        expect(collisions(made, observed)).toEqual([]);
        expect(neededPorts(made.plan, made.slots, observed).length).toBeLessThanOrEqual(4);
        expect(planned(after, applyPlan(world, made)).made.plan.actions).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});

/** Carries out the plan's starts and stops in its order; ports that a start finds taken. */
function collisions({ plan, slots }: Reconciled, observed: Observed): readonly string[] {
  const ports = new Map<string, readonly number[]>();
  const take = (id: string, wanted: readonly number[]): readonly string[] => {
    const taken = [...ports].flatMap(([other, own]) =>
      other === id ? [] : own.filter((port) => wanted.includes(port)),
    );
    ports.set(id, wanted);
    return taken.map((port) => `${id} finds ${port} taken`);
  };
  const wished = (target: string): readonly number[] =>
    slots.find(({ slot }) => slotTarget(slot) === target)?.service.ports.flatMap(({ hostPort }) => hostPort ?? []) ??
    [];
  for (const { id, ports: own } of observed.containers)
    take(
      id,
      own.flatMap(({ hostPort }) => hostPort ?? []),
    );
  return plan.actions.flatMap(({ operation, target }) => {
    const handover = "handover" in operation ? operation.handover : undefined;
    if (handover?.part === "first") for (const { id } of handover.replaced) ports.delete(id);
    if (operation.kind === "container.stop") ports.delete(operation.id);
    if (operation.kind === "container.replace") ports.delete(operation.id);
    if (operation.kind !== "container.replace" && operation.kind !== "container.start") return [];
    return take(target, wished(target));
  });
}
