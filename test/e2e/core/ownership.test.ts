import { lstat, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { IDLE, type Scenario, scenario } from "../../support/scenario.ts";

const USER = 1000;

/** Everything below the project's directory that is not the user's, with whose it is. */
async function notOf(s: Scenario, uid: number): Promise<readonly string[]> {
  const names = await readdir(s.directory, { recursive: true });
  const found = await Promise.all(
    names.map(async (name) => {
      const owner = (await lstat(join(s.directory, name))).uid;
      return owner === uid ? [] : [`${name} is ${owner}'s`];
    }),
  );
  return found.flat().toSorted();
}

const DOCKERFILE = `FROM busybox:latest
WORKDIR /app/work/here
VOLUME /app/by-image
CMD ["sleep", "3600"]
`;

describe("a caller who is not root", () => {
  scenario("finds nothing in the source tree that is not the caller's, whatever is mounted below it", async ({ s }) => {
    const { uid } = await s.becomeUser(USER);
    await s.write({
      "app/Dockerfile": DOCKERFILE,
      "app/main.js": "main\n",
      "other/x": "x\n",
      "one.conf": "1\n",
      "etc/motd": "hello\n",
    });
    await s.declare({
      images: { app: { context: "app" } },
      services: {
        app: {
          image: "app",
          stop_signal: "SIGKILL",
          mounts: [
            "data:/app/deep/data",
            { type: "bind", source: "./new/made", target: "/new", bind: { create_host_path: true } },
          ],
          tmpfs: ["/app/tmp"],
          dev: { mounts: ["./app:/app", "/app/node_modules", "./other:/app/other", "./one.conf:/app/conf/one.conf"] },
        },
        bare: { ...IDLE, working_dir: "/srv/a/b", mounts: ["./other:/srv", "./etc:/etc"] },
      },
      volumes: { data: {} },
    });
    await s.dock(["up", "-d"]);
    expect(await notOf(s, uid)).toEqual([]);
    expect((await readdir(join(s.directory, "app"))).toSorted()).toEqual(
      ["Dockerfile", "by-image", "conf", "deep", "main.js", "node_modules", "other", "tmp", "work"].toSorted(),
    );
    expect(await s.planned()).toEqual([]);
    expect((await s.dock(["build"])).builderCalled).toBe(false);
    await s.dock(["run", "--rm", "app", "true"]);
    for (const name of ["app/node_modules", "app/work", "app/by-image", "other/a"])
      await rm(join(s.directory, name), { recursive: true });
    await s.dock(["restart", "-t", "0"]);
    await rm(join(s.directory, "app/node_modules"), { recursive: true });
    await s.dock(["stop", "-t", "0"]);
    await s.dock(["up", "-d"]);
    expect(await notOf(s, uid)).toEqual([]);
    expect(await s.planned()).toEqual([]);
  });

  scenario(
    "has a service with `user: host` write as the caller, and read what is the caller's alone",
    async ({ s }) => {
      const { uid, gid } = await s.becomeUser(USER);
      await s.write({ "out/kept": "kept\n" });
      await s.declare({
        services: { web: { ...IDLE, user: "host", working_dir: "/out/sub", mounts: ["./out:/out", "/out/cache"] } },
      });
      await s.dock(["up", "-d"]);
      expect(await s.inside("web", "id", "-u")).toBe(String(uid));
      expect(await s.inside("web", "id", "-g")).toBe(String(gid));
      await s.inside("web", "sh", "-c", "echo made > /out/made && mkdir /out/sub/dir && rm /out/kept");
      expect(await notOf(s, uid)).toEqual([]);
      expect((await readdir(join(s.directory, "out"))).toSorted()).toEqual(["cache", "made", "sub"]);
      expect(await s.read("out/made")).toBe("made\n");
    },
  );
});
