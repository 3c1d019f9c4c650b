import { describe, expect, test } from "vitest";
import { reconcile } from "../../src/plan/reconcile.ts";
import { plainRequest } from "../../src/plan/request.ts";
import { applyPlan } from "../support/plan-interpreter.ts";
import { emptyEngine, inputsOf, projectOf } from "../support/world.ts";

const SHOP = `
name: shop
images:
  api: { context: ./api }
services:
  db: { image: "postgres:16", healthcheck: { test: ["CMD", "pg_isready"] }, mounts: ["data:/var/lib/postgresql/data"] }
  api:
    image: api
    ports: ["3000:3000"]
    environment: { PORT: "3000" }
    depends_on: { db: { condition: service_healthy } }
    dev: { mounts: ["./api:/app", "/app/node_modules"] }
volumes: { data: {} }
`;

function upped(text: string) {
  const project = projectOf(text);
  const inputs = inputsOf(project);
  const first = reconcile(project, { inputs, observed: emptyEngine() }, plainRequest("dev"));
  return { project, inputs, first, observed: applyPlan({ project, inputs, observed: emptyEngine() }, first) };
}

function replan(text: string, before: ReturnType<typeof upped>, files = {}) {
  const project = projectOf(text);
  const inputs = inputsOf(project, files);
  return reconcile(project, { inputs, observed: before.observed }, plainRequest("dev")).plan;
}

const lines = (plan: ReturnType<typeof replan>) =>
  plan.actions.map(
    (action) =>
      `${action.id}: ${action.reasons.map((reason) => [reason.code, reason.path, reason.files].filter(Boolean).join(" ")).join(", ")}`,
  );

describe("up from nothing", () => {
  test("builds, pulls and creates everything in an order that its dependencies allow", () => {
    const { first } = upped(SHOP);
    expect(first.conflicts).toEqual([]);
    expect(first.plan.actions.map((action) => action.id)).toMatchInlineSnapshot(`
      [
        "image.build image:api",
        "image.pull image:postgres:16",
        "network.create network:default",
        "volume.create volume:data",
        "container.create service:db/1",
        "container.start service:db/1",
        "container.wait service:db/1",
        "volume.create volume:api/1:/app/node_modules",
        "container.create service:api/1",
        "container.start service:api/1",
        "container.wait service:api/1",
      ]
    `);
  });

  test("leaves nothing to do", () => {
    const before = upped(SHOP);
    expect(lines(replan(SHOP, before))).toEqual([]);
  });
});

describe("one edit", () => {
  test("of an environment variable replaces just that service", () => {
    expect(lines(replan(SHOP.replace('PORT: "3000"', 'PORT: "4000"'), upped(SHOP)))).toEqual([
      "container.replace service:api/1: config-changed environment.PORT",
    ]);
  });

  test("of a published port replaces just that service", () => {
    expect(lines(replan(SHOP.replace("3000:3000", "3001:3000"), upped(SHOP)))).toEqual([
      "container.replace service:api/1: config-changed ports",
    ]);
  });

  test("of the restart policy updates in place", () => {
    const text = SHOP.replace("image: api\n", "image: api\n    restart: always\n");
    expect(lines(replan(text, upped(SHOP)))).toEqual(["container.update service:api/1: config-changed restart"]);
  });

  test("of a file of the image rebuilds it, and replaces its container and its dev volume if it comes out different", () => {
    const plan = replan(SHOP, upped(SHOP), { api: { "app.js": "changed" } });
    expect(lines(plan)).toMatchInlineSnapshot(`
      [
        "image.build image:api: inputs-changed",
        "volume.create volume:api/1:/app/node_modules: image-rebuilt api",
        "container.replace service:api/1: image-rebuilt api",
        "volume.remove volume:api/1:/app/node_modules: image-rebuilt api",
      ]
    `);
    expect(plan.actions.filter((action) => action.onlyIfImageIsNot).length).toBe(3);
  });

  test("that removes a service removes its container", () => {
    const text = `${SHOP}`.replace(/  db:.*\n/, "").replace(/    depends_on.*\n/, "");
    expect(lines(replan(text, upped(SHOP)))).toMatchInlineSnapshot(`
      [
        "container.stop service:db/1 c52ee0c91f65: orphan shop-db-1",
        "container.remove service:db/1 c52ee0c91f65: orphan shop-db-1",
      ]
    `);
  });
});

describe("a dependent that asks to be restarted", () => {
  const text = (value: string): string =>
    `name: shop\nservices:\n  db: { image: postgres, environment: { A: "${value}" } }\n  api: { image: nginx, depends_on: { db: { restart: true, condition: service_started } } }\n`;

  test("restarts after its dependency was replaced", () => {
    expect(lines(replan(text("2"), upped(text("1"))))).toEqual([
      "container.replace service:db/1: config-changed environment.A",
      "container.restart service:api/1: dependency-replaced service:db/1",
      "container.wait service:api/1: dependency",
    ]);
  });

  test("is left alone when its dependency's image comes out the same", () => {
    const yaml = `${text("1").replace("image: postgres", "image: db")}images: { db: { context: ./db } }\n`;
    const plan = replan(yaml, upped(yaml), { db: { "app.js": "changed" } });
    const restart = plan.actions.find(({ operation }) => operation.kind === "container.restart");
    expect(restart?.onlyIfImageIsNot?.image).toBe("db");
  });
});
