import { utimes } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { freePort, IDLE, type Scenario, scenario } from "../../support/scenario.ts";

/** One edit, what `plan` says to it, and the containers that are other ones afterwards. */
interface Edit {
  readonly what: string;
  readonly edit: (shop: Shop) => unknown;
  readonly plan: readonly string[];
  readonly replaced?: readonly string[];
}

/** The project file's content, for edits; services and images by key. */
interface Shop {
  readonly s: Scenario;
  readonly images: Record<string, object>;
  readonly services: Record<string, object>;
}

/** A service in dev mode with its source mounted, one with a plain image of its own, one with somebody else's image. */
async function openShop(s: Scenario): Promise<Shop> {
  await s.write({
    "app/Dockerfile": [
      "FROM busybox:latest",
      "ARG GREETING=hi",
      "WORKDIR /app",
      "COPY package.json ./",
      "RUN cp package.json installed.json && echo $GREETING > greeting",
      "COPY . .",
      'CMD ["sleep", "3600"]',
      "",
    ].join("\n"),
    "app/package.json": '{"version": 1}\n',
    "app/main.js": "one\n",
    "app/.dockerignore": "*.log\n",
    "app/debug.log": "one\n",
    "api/Dockerfile": 'FROM busybox:latest\nCOPY . /api/\nCMD ["sleep", "3600"]\n',
    "api/api.js": "one\n",
    "site/index.html": "one\n",
  });
  const shop: Shop = {
    s,
    images: { app: { context: "./app", args: { GREETING: "hi" } }, api: { context: "./api" } },
    services: {
      app: {
        image: "app",
        stop_signal: "SIGKILL",
        depends_on: ["db"],
        environment: { LEVEL: "info" },
        dev: { mounts: ["./app:/app", "/app/node_modules"] },
      },
      api: { image: "api", stop_signal: "SIGKILL", restart: "no" },
      db: { ...IDLE, mounts: ["data:/data", "./site:/site"] },
    },
  };
  await save(shop);
  await s.dock(["up", "-d"]);
  return shop;
}

async function save({ s, images, services }: Shop): Promise<void> {
  await s.declare({ images, services, volumes: { data: {} } });
}

/** Makes one edit after the other: each plan is what is expected, and `up` does that and nothing else. */
async function checkEdits(s: Scenario, edits: readonly Edit[]): Promise<void> {
  const shop = await openShop(s);
  let before = await s.ids();
  for (const { what, edit, plan, replaced = [] } of edits) {
    await edit(shop);
    await save(shop);
    expect(await s.planned(), what).toEqual(plan);
    const { mutations } = await s.dock(["up", "-d"]);
    if (plan.length === 0) expect(mutations, what).toEqual([]);
    const after = await s.ids();
    const slots = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    expect(
      slots.filter((slot) => before[slot] !== after[slot]),
      what,
    ).toEqual(replaced);
    expect(await s.planned(), `${what}, after it`).toEqual([]);
    before = after;
  }
}

/** The plan for another image of service app: its dev volume is keyed by the image. */
function appAnew(why: string): readonly string[] {
  const rebuilt = "image-rebuilt app sha256:… → (none)";
  return [
    `image.build image:app: ${why}`,
    `volume.create volume:app/1:/app/node_modules: ${rebuilt}`,
    `container.replace service:app/1: ${rebuilt}`,
    `volume.remove volume:app/1:/app/node_modules: ${rebuilt}`,
  ];
}

function created(slot: string): readonly string[] {
  return [
    `container.create service:${slot}: missing`,
    `container.start service:${slot}: missing`,
    `container.wait service:${slot}: dependency`,
  ];
}

function removed(slot: string, why: string): readonly string[] {
  return [`container.stop service:${slot} …: ${why}`, `container.remove service:${slot} …: ${why}`];
}

function change(service: string, properties: object): Edit["edit"] {
  return ({ services }) => {
    services[service] = { ...services[service], ...properties };
  };
}

describe("one edit", () => {
  scenario("of an image's inputs rebuilds that image and replaces only its containers", async ({ s }) => {
    await checkEdits(s, [
      {
        what: "Dockerfile",
        edit: async () => s.write({ "app/Dockerfile": (await s.read("app/Dockerfile")).replace("3600", "3601") }),
        plan: appAnew("dockerfile-changed"),
        replaced: ["app/1"],
      },
      {
        what: "arg",
        edit: ({ images }) => (images["app"] = { ...images["app"], args: { GREETING: "hello" } }),
        plan: appAnew("arg-changed GREETING hi → hello"),
        replaced: ["app/1"],
      },
      {
        what: "a file that a RUN reads",
        edit: async () => s.write({ "app/package.json": '{"version": 2}\n' }),
        plan: appAnew("files-changed package.json"),
        replaced: ["app/1"],
      },
      {
        what: "source that no mount hides",
        edit: async () => s.write({ "api/api.js": "two\n" }),
        plan: [
          "image.build image:api: files-changed api.js",
          "container.replace service:api/1: image-rebuilt api sha256:… → (none)",
        ],
        replaced: ["api/1"],
      },
    ]);
  });

  scenario("of a service replaces its container and no other", async ({ s }) => {
    const port = await freePort();
    const vendor = 'config-changed devVolumes ["/app/node_modules"] → ["/app/vendor"]';
    await checkEdits(s, [
      {
        what: "port",
        edit: change("app", { ports: [`${port}:80`] }),
        plan: [`container.replace service:app/1: config-changed ports (none) → ["127.0.0.1:${port}:80/tcp"]`],
        replaced: ["app/1"],
      },
      {
        what: "env",
        edit: change("app", { environment: { LEVEL: "debug", COLOR: "red" } }),
        plan: [
          "container.replace service:app/1: config-changed environment.COLOR (none) → red; config-changed environment.LEVEL info → debug",
        ],
        replaced: ["app/1"],
      },
      {
        what: "mount",
        edit: change("db", { mounts: ["data:/data", "./site:/www"] }),
        plan: [
          'container.replace service:db/1: config-changed mounts./site {"source":"./site","target":"/site","type":"bind"} → (none); config-changed mounts./www (none) → {"source":"./site","target":"/www","type":"bind"}',
        ],
        replaced: ["db/1"],
      },
      {
        what: "command",
        edit: change("db", { command: ["sleep", "3601"] }),
        plan: ['container.replace service:db/1: config-changed command ["sleep","3600"] → ["sleep","3601"]'],
        replaced: ["db/1"],
      },
      {
        what: "restart policy",
        edit: change("api", { restart: "on-failure" }),
        plan: ["container.update service:api/1: config-changed restart no → on-failure"],
      },
      {
        what: "dev mount",
        edit: change("app", { dev: { mounts: ["./app:/app", "/app/vendor"] } }),
        plan: [
          `volume.create volume:app/1:/app/vendor: ${vendor}`,
          `container.replace service:app/1: ${vendor}`,
          `volume.remove volume:app/1:/app/node_modules: ${vendor}`,
        ],
        replaced: ["app/1"],
      },
    ]);
  });

  scenario("that adds or removes a service touches only that service", async ({ s }) => {
    await checkEdits(s, [
      {
        what: "added",
        edit: change("extra", IDLE),
        plan: created("extra/1"),
        replaced: ["extra/1"],
      },
      {
        what: "scaled up",
        edit: change("extra", { scale: 2 }),
        plan: created("extra/2"),
        replaced: ["extra/2"],
      },
      {
        what: "scaled down",
        edit: change("extra", { scale: 1 }),
        plan: removed("extra/2", "scaled-down demo-extra-2"),
        replaced: ["extra/2"],
      },
      {
        what: "removed",
        edit: ({ services }) => delete services["extra"],
        plan: removed("extra/1", "orphan demo-extra-1"),
        replaced: ["extra/1"],
      },
    ]);
  });

  scenario("that no container could tell does nothing", async ({ s }) => {
    await checkEdits(s, [
      {
        what: "bind-mounted source",
        edit: async () => s.write({ "app/main.js": "two\n", "app/src/new.js": "new\n", "site/index.html": "two\n" }),
        plan: [],
      },
      { what: "ignored file", edit: async () => s.write({ "app/debug.log": "two\n" }), plan: [] },
      { what: "times alone", edit: async () => utimes(join(s.directory, "app/package.json"), 1, 1), plan: [] },
      {
        what: "order of keys",
        edit: ({ services }) => {
          for (const [key, service] of Object.entries(services).reverse()) {
            delete services[key];
            services[key] = Object.fromEntries(Object.entries(service).reverse());
          }
        },
        plan: [],
      },
    ]);
  });
});
