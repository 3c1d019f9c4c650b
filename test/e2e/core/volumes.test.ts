import { chown, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { IDLE, type Scenario, scenario } from "../../support/scenario.ts";

/** Names of the volumes that the service's container has, by where they are mounted. */
async function mounted(s: Scenario, slot: string): Promise<Readonly<Record<string, string>>> {
  const container = (await s.containers())[slot];
  const volumes = (container?.Mounts ?? []).flatMap(({ Type, Name, Destination }) =>
    Type === "volume" && Name !== undefined ? [[Destination, Name] as const] : [],
  );
  return Object.fromEntries(volumes);
}

/** All volumes whose names begin with the project's. */
async function named(s: Scenario): Promise<readonly string[]> {
  return (await s.engine.volumes()).map(({ Name }) => Name).filter((name) => name.startsWith(s.project));
}

const APP = {
  "app/Dockerfile": [
    "FROM busybox:latest",
    "WORKDIR /app",
    "COPY package.json ./",
    "RUN mkdir node_modules && cp package.json node_modules/dep",
    "COPY . .",
    'CMD ["sleep", "3600"]',
    "",
  ].join("\n"),
  "app/package.json": "dep 1\n",
  "app/main.js": "main 1\n",
};

const DEV = { image: "app", stop_signal: "SIGKILL", dev: { mounts: ["./app:/app", "/app/node_modules"] } };

describe("an anonymous dev volume", () => {
  scenario("is filled by the image, kept with it, and made anew for another", async ({ s }) => {
    await s.write(APP);
    const project = (environment: object) => ({
      images: { app: { context: "app" } },
      services: { app: { ...DEV, environment } },
    });
    await s.declare(project({}));
    await s.dock(["up", "-d"]);
    expect(await s.inside("app", "cat", "node_modules/dep", "main.js")).toBe("dep 1\nmain 1");
    const first = await mounted(s, "app/1");
    await s.inside("app", "touch", "node_modules/mine");

    await s.declare(project({ LEVEL: "debug" }));
    await s.dock(["up", "-d"]);
    expect(await mounted(s, "app/1")).toEqual(first);
    expect(await s.inside("app", "ls", "node_modules")).toBe("dep\nmine");

    await s.write({ "app/package.json": "dep 2\n", "app/main.js": "main 2\n" });
    await s.dock(["up", "-d"]);
    expect(await s.inside("app", "cat", "node_modules/dep", "main.js")).toBe("dep 2\nmain 2");
    expect(await s.inside("app", "ls", "node_modules")).toBe("dep");
    const second = await mounted(s, "app/1");
    expect(await named(s)).toEqual(Object.values(second));
    expect(second).not.toEqual(first);

    await s.dock(["up", "-d", "-V"]);
    await s.inside("app", "ls", "node_modules/dep");
    await s.dock(["down"]);
    expect(await named(s)).toEqual([]);
  });

  scenario("gets an empty mount point on the host, owned like the directory", async ({ s }) => {
    await s.write(APP);
    const root = process.getuid?.() === 0;
    if (root) await chown(join(s.directory, "app"), 12345, 54321);
    await s.declare({ images: { app: { context: "app" } }, services: { app: DEV } });
    await s.dock(["up", "-d"]);
    const point = join(s.directory, "app/node_modules");
    expect(await readdir(point)).toEqual([]);
    const owner = await stat(join(s.directory, "app"));
    expect(await stat(point)).toMatchObject({ uid: owner.uid, gid: owner.gid });
    expect(await s.planned()).toEqual([]);
    expect((await s.dock(["build"])).builderCalled).toBe(false);
  });

  scenario("is each container's own, of one image and one source", async ({ s }) => {
    await s.write(APP);
    await s.declare({ images: { app: { context: "app" } }, services: { app: { ...DEV, scale: 3 }, twin: DEV } });
    await s.dock(["up", "-d"]);
    const slots = ["app/1", "app/2", "app/3", "twin/1"];
    const own = await Promise.all(slots.map(async (slot) => (await mounted(s, slot))["/app/node_modules"] ?? ""));
    expect(new Set(own).size).toBe(4);
    expect((await named(s)).toSorted()).toEqual(own.toSorted());
    await s.inside("twin", "touch", "node_modules/mine");
    expect(await s.inside("app", "ls", "node_modules")).toBe("dep");
    expect(await s.planned()).toEqual([]);
  });

  scenario("is left out by --no-dev, and comes back without it", async ({ s }) => {
    await s.write(APP);
    await s.declare({ images: { app: { context: "app" } }, services: { app: DEV, db: IDLE } });
    await s.dock(["up", "-d"]);
    const { "db/1": db, "app/1": dev } = await s.ids();
    await s.write({ "app/main.js": "main 2\n" });
    await s.dock(["up", "-d", "--no-dev"]);
    expect(await mounted(s, "app/1")).toEqual({});
    expect(await named(s)).toEqual([]);
    expect(await s.inside("app", "cat", "main.js")).toBe("main 2");
    const plain = await s.dock(["ps", "--json"]);
    expect(JSON.parse(plain.stdout)).toMatchObject([{ upToDate: true }, { upToDate: true }]);
    await s.dock(["up", "-d"]);
    expect(await s.inside("app", "cat", "node_modules/dep", "main.js")).toBe("dep 1\nmain 2");
    expect(await s.ids()).toMatchObject({ "db/1": db });
    expect((await s.ids())["app/1"]).not.toBe(dev);
  });
});

describe("a volume with data", () => {
  scenario("survives down and up when it is named, and goes with down -v", async ({ s }) => {
    await s.declare({ services: { db: { ...IDLE, mounts: ["data:/data"] } }, volumes: { data: {} } });
    await s.dock(["up", "-d"]);
    await s.inside("db", "sh", "-c", "echo precious > /data/file");
    await s.dock(["down"]);
    expect(await s.containers()).toEqual({});
    expect(await named(s)).toEqual([`${s.project}_data`]);
    await s.dock(["up", "-d", "--force-recreate"]);
    expect(await s.inside("db", "cat", "/data/file")).toBe("precious");
    const asked = await s.dock(["down", "-v"]);
    expect(asked.stderr).toContain(`destroys the data of volume ${s.project}_data`);
    expect(await named(s)).toEqual([]);
    await s.dock(["down", "-v"]);
  });

  scenario("moves to the replacing container when it is anonymous", async ({ s }) => {
    await s.write({ "db/Dockerfile": 'FROM busybox:latest\nVOLUME /own\nCMD ["sleep", "3600"]\n' });
    const project = (environment: object) => ({
      images: { db: { context: "db" } },
      services: { db: { image: "db", stop_signal: "SIGKILL", mounts: ["/declared"], environment } },
    });
    await s.declare(project({}));
    await s.dock(["up", "-d"]);
    await s.inside("db", "sh", "-c", "echo a > /declared/file; echo b > /own/file");
    const before = await mounted(s, "db/1");
    expect(Object.keys(before).sort()).toEqual(["/declared", "/own"]);

    await s.declare(project({ LEVEL: "debug" }));
    await s.dock(["up", "-d"]);
    await s.write({ "db/Dockerfile": 'FROM busybox:latest\nVOLUME /own\nCMD ["sleep", "3601"]\n' });
    await s.dock(["up", "-d"]);
    expect(await mounted(s, "db/1")).toEqual(before);
    expect(await s.inside("db", "cat", "/declared/file", "/own/file")).toBe("a\nb");
    expect(await s.planned()).toEqual([]);

    await s.dock(["down"]);
    const left = (await s.engine.volumes()).map(({ Name }) => Name);
    expect(left).toEqual(expect.arrayContaining(Object.values(before)));
    for (const name of Object.values(before)) await s.engine.remove(`/volumes/${name}`);
  });
});
