import fc from "fast-check";
import { expect } from "vitest";
import { IDLE, type Scenario, scenario } from "../../support/scenario.ts";

/** How many projects follow each other on one engine. */
const PROJECTS = Number(process.env["DOCK_RANDOM_PROJECTS"] ?? 6);
/** A failing sequence is found again by this. */
const SEED = Number(process.env["DOCK_RANDOM_SEED"] ?? 20251123);

/** Small pools: what follows each other collides and overlaps. */
const image = fc.constantFrom("app", "api", "busybox:latest");
const mount = fc.constantFrom("data:/data", "other:/data", "/data", "/cache", "./site:/site", "./site:/data/site:ro");
const condition = fc.constantFrom("service_started", "service_healthy");

const service = fc.record(
  {
    image,
    environment: fc.dictionary(fc.constantFrom("A", "B"), fc.constantFrom("1", "2"), {
      maxKeys: 2,
      noNullPrototype: true,
    }),
    mounts: fc.uniqueArray(mount, { maxLength: 2, selector: (text) => text.split(":")[text.startsWith("/") ? 0 : 1] }),
    networks: fc.subarray(["default", "back"], { minLength: 1 }),
    scale: fc.constantFrom(1, 1, 2),
    restart: fc.constantFrom("no", "on-failure"),
    dev: fc.record({ mounts: fc.subarray(["./app:/app", "/app/deps", "/data"]) }),
    healthcheck: fc.constant({ test: ["CMD", "true"], interval: "100ms" }),
  },
  { requiredKeys: ["image"] },
);

const project = fc
  .record({
    services: fc.dictionary(fc.constantFrom("one", "two", "three"), service, { minKeys: 1, noNullPrototype: true }),
    first: condition,
    internal: fc.boolean(),
    revision: fc.constantFrom(1, 2),
    flags: fc.constantFrom([], [], [], ["--no-dev"]),
  })
  .map(({ services, first, internal, revision, flags }) => {
    const keys = Object.keys(services).toSorted();
    const complete = Object.fromEntries(
      keys.map((key, index) => {
        const before = keys[index - 1];
        const own = services[key];
        const healthy = before !== undefined && services[before]?.healthcheck !== undefined;
        const depends = before === undefined ? {} : { [before]: { condition: healthy ? first : "service_started" } };
        return [key, { ...IDLE, ...own, depends_on: depends }];
      }),
    );
    return {
      revision,
      flags,
      file: {
        images: { base: { context: "base" }, app: { context: "app" }, api: { context: "api" } },
        services: complete,
        networks: { back: { internal } },
        volumes: { data: {}, other: {} },
      },
    };
  });

type Project = typeof project extends fc.Arbitrary<infer T> ? T : never;

async function follow(s: Scenario, { revision, flags, file }: Project): Promise<void> {
  await s.write({
    "base/Dockerfile": `FROM busybox:latest\nRUN echo ${revision} > /base\n`,
    "app/Dockerfile": [
      "FROM base",
      "WORKDIR /app",
      "COPY package.json ./",
      "RUN mkdir -p deps && cp package.json deps",
      "COPY . .",
      "",
    ].join("\n"),
    "app/package.json": `${revision}\n`,
    "api/Dockerfile": "FROM busybox:latest\nVOLUME /data\nCOPY . /api\n",
    "api/file": `${revision}\n`,
    "site/index.html": "a page\n",
  });
  await s.declare(file);
  await s.dock(["up", "-d", ...flags]);
  const slots = Object.entries(file.services).flatMap(([key, { scale = 1 }]) =>
    Array.from({ length: scale }, (_, index) => `${key}/${index + 1} running`),
  );
  const there = Object.entries(await s.containers()).map(([slot, { State }]) => `${slot} ${State}`);
  expect(there.toSorted()).toEqual(slots.toSorted());
  expect(await s.planned(flags)).toEqual([]);
}

/** When the named volumes were made: another time is another volume, and lost data. */
async function births(s: Scenario): Promise<Readonly<Record<string, string>>> {
  const own = (await s.engine.volumes()).filter(({ Name }) => Name.startsWith(`${s.project}_`));
  const named = own.filter(({ Name }) => /_(data|other)$/.test(Name));
  return Object.fromEntries(named.map(({ Name, CreatedAt }) => [Name, CreatedAt]));
}

scenario("any project follows any other, comes to rest at once and keeps the data", async ({ s }) => {
  let known: Readonly<Record<string, string>> = {};
  for (const each of fc.sample(project, { numRuns: PROJECTS, seed: SEED })) {
    await follow(s, each).catch((error: unknown) => {
      throw new Error(`${JSON.stringify(each)}\n${String(error)}`, { cause: error });
    });
    const now = await births(s);
    expect(now).toMatchObject(known);
    known = now;
  }
});
