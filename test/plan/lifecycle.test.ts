import { describe, expect, test } from "vitest";
import { type LifecycleRequest, lifecyclePlan, servingContainers } from "../../src/plan/lifecycle.ts";
import { LABEL } from "../../src/plan/labels.ts";
import type { ObservedContainer } from "../../src/plan/observed.ts";
import { wantedSlots } from "../../src/plan/wanted.ts";
import { emptyEngine, inputsOf, projectOf } from "../support/world.ts";

const PROJECT = projectOf(`
name: shop
services:
  web: { image: nginx, depends_on: [api], stop_grace_period: 3s }
  api: { image: nginx, depends_on: { db: { condition: service_healthy }, migrate: { condition: service_completed_successfully } } }
  migrate: { image: nginx, task: true }
  db: { image: nginx, healthcheck: { test: [CMD, "true"] } }
`);

function container(service: string, more: Partial<ObservedContainer> = {}): ObservedContainer {
  return {
    id: `${service}-id`,
    name: `shop-${service}-1`,
    state: "exited",
    imageId: "sha256:1",
    imageRef: "nginx",
    created: 1,
    labels: { [LABEL.project]: "shop", [LABEL.service]: service, [LABEL.number]: "1" },
    mounts: [],
    networks: {},
    ports: [],
    ...more,
  };
}

const KEYS = ["web", "api", "migrate", "db"];

function planned(
  containers: readonly ObservedContainer[],
  request: Omit<LifecycleRequest, "named"> & { named?: string[] },
) {
  const world = { inputs: inputsOf(PROJECT), observed: emptyEngine() };
  const slots = wantedSlots(PROJECT, world, { mode: "dev", services: KEYS });
  const plan = lifecyclePlan(PROJECT, { containers, slots }, { named: [], ...request });
  return {
    ...plan,
    lines: plan.actions.map(({ id, after }) =>
      [id.replaceAll("container.", ""), ...after.map((each) => each.replaceAll("container.", ""))].join(" < "),
    ),
  };
}

describe("start", () => {
  test("begins with what is depended on and waits for each to be ready", () => {
    expect(
      planned(
        KEYS.map((key) => container(key)),
        { verb: "start" },
      ).lines,
    ).toEqual([
      "start service:db/1",
      "wait service:db/1 < start service:db/1",
      "start service:migrate/1",
      "wait service:migrate/1 < start service:migrate/1",
      "start service:api/1 < wait service:db/1 < wait service:migrate/1",
      "wait service:api/1 < start service:api/1",
      "start service:web/1 < wait service:api/1",
      "wait service:web/1 < start service:web/1",
    ]);
  });

  test("leaves alone what runs and tasks that are done, unless they are named", () => {
    const containers = [
      container("web", { state: "running" }),
      container("db", { state: "running", health: "healthy" }),
      container("migrate", { exitCode: 0 }),
    ];
    const all = planned(containers, { verb: "start" });
    expect(all.lines).toEqual([]);
    expect(all.unchanged).toEqual(["service:db/1", "service:migrate/1", "service:web/1"]);
    const named = planned(containers, { verb: "start", services: ["migrate"], named: ["migrate"] });
    expect(named.lines[0]).toBe("start service:migrate/1");
  });

  test("waits for what runs and is not healthy yet", () => {
    const containers = [container("db", { state: "running", health: "starting" })];
    expect(planned(containers, { verb: "start" }).lines).toEqual(["wait service:db/1"]);
  });
});

describe("stop", () => {
  test("ends dependents first, each in its own time", () => {
    const running = KEYS.map((key) => container(key, { state: "running" }));
    const { actions, lines } = planned(running, { verb: "stop" });
    const at = (service: string): number => lines.findIndex((line) => line.startsWith(`stop service:${service}/1`));
    expect([at("web") < at("api"), at("api") < at("db"), at("api") < at("migrate")]).toEqual([true, true, true]);
    const seconds = (list: typeof actions): readonly number[] =>
      list.flatMap(({ operation }) => (operation.kind === "container.stop" ? [operation.timeoutSeconds] : []));
    expect(seconds(actions)).toEqual([3, 10, 10, 10]);
    expect(seconds(planned(running, { verb: "stop", seconds: 1 }).actions)).toEqual([1, 1, 1, 1]);
  });

  test("takes services that the file has no more, and only what was asked for", () => {
    const containers = [container("old", { state: "running" }), container("db", { state: "paused" }), container("api")];
    expect(planned(containers, { verb: "stop" }).lines.length).toBe(2);
    expect(planned(containers, { verb: "stop", services: ["db"] }).lines).toEqual(["stop service:db/1 db-id"]);
  });
});

test("restart takes what runs and what does not, in the order of their dependencies", () => {
  const containers = [container("web", { state: "running" }), container("api")];
  expect(planned(containers, { verb: "restart" }).lines).toEqual([
    "restart service:api/1",
    "wait service:api/1 < restart service:api/1",
    "restart service:web/1 < wait service:api/1",
    "wait service:web/1 < restart service:web/1",
  ]);
});

test("of several containers in a slot the one that serves stands for it, then the one that has served", () => {
  const old = container("web", { id: "old" });
  const replacement = container("web", { id: "new", name: "shop-web-1-12345678", created: 2 });
  expect(servingContainers([replacement, old]).map(({ id }) => id)).toEqual(["old"]);
  expect(servingContainers([{ ...replacement, state: "running" }, old]).map(({ id }) => id)).toEqual(["new"]);
});
