import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RunOptions, serviceForRun } from "../../src/cli/run-options.ts";
import type { Io } from "../../src/cli/session.ts";
import { effectiveService } from "../../src/plan/mode.ts";
import { projectOf } from "../support/world.ts";

const PROJECT = projectOf(`
name: shop
services:
  web:
    image: nginx
    command: [serve]
    environment: { A: file, B: file }
    ports: ["8080:80"]
    restart: always
    mounts: ["data:/data", "/cache"]
    dev:
      command: [dev]
      environment: { B: dev, C: dev }
      ports: ["3000:3000"]
      mounts: ["/modules"]
volumes: { data: {} }
`);

let directory = "";
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "dock-run-"));
});
afterAll(async () => rm(directory, { recursive: true }));

async function web(options: RunOptions = {}, command: readonly string[] = [], mode: "dev" | "plain" = "dev") {
  const service = PROJECT.services["web"];
  if (!service) throw new Error("no service web");
  const stdin = new PassThrough();
  const io: Io = { stdin, stdout: stdin, stderr: stdin, cwd: directory, env: { HOME: directory, OURS: "ours" } };
  const streams = { tty: false, stdin: true };
  const changed = await serviceForRun({ service, mode, command, streams }, options, io);
  return effectiveService(changed, mode);
}

describe("the service of a run", () => {
  test("is the one that up runs, without ports and restarts", async () => {
    const plain = await web();
    expect(plain).toMatchObject({
      command: ["dev"],
      ports: [],
      restart: { policy: "no" },
      stdinOpen: true,
      tty: false,
    });
    expect(plain.environment).toEqual({ A: "file", B: "dev", C: "dev" });
    expect(plain.devMounts.map(({ target }) => target)).toEqual(["/modules"]);
    expect((await web({}, [], "plain")).command).toEqual(["serve"]);
  });

  test("takes the command line's word over the file's and over dev's", async () => {
    await writeFile(join(directory, "vars"), "A=vars\nD=vars\nOURS\n");
    const given = await web({ env: ["B=line", "OURS", "NOBODYS"], envFromFile: ["vars"], user: "7", workdir: "/w" }, [
      "sh",
    ]);
    expect(given).toMatchObject({ command: ["sh"], user: "7", workingDir: "/w" });
    expect(given.environment).toEqual({ A: "vars", B: "line", C: "dev", D: "vars", OURS: "ours" });
  });

  test("has no command but the given one with an entrypoint of its own", async () => {
    expect(await web({ entrypoint: "sh -c 'echo hi'" })).toMatchObject({
      entrypoint: ["sh", "-c", "echo hi"],
      command: [],
    });
    expect((await web({ entrypoint: "sh" }, ["-x"])).command).toEqual(["-x"]);
    await expect(web({ entrypoint: "sh 'open" })).rejects.toThrow("--entrypoint");
  });

  test("has ports when they are asked for", async () => {
    const ports = async (options: RunOptions) =>
      (await web(options)).ports.map(
        ({ hostIp, hostPort, containerPort }) => `${hostIp}:${hostPort ?? ""}:${containerPort}`,
      );
    expect(await ports({ servicePorts: true })).toEqual(["127.0.0.1:8080:80", "127.0.0.1:3000:3000"]);
    expect(await ports({ publish: ["9000:90", "0.0.0.0:9100-9101:91-92/udp"] })).toEqual([
      "127.0.0.1:9000:90",
      "0.0.0.0:9100:91",
      "0.0.0.0:9101:92",
    ]);
    await expect(web({ publish: ["eighty"] })).rejects.toThrow('--publish "eighty"');
  });

  test("has mounts in place of its own at the same path", async () => {
    const { mounts, devMounts } = await web({ volume: [".:/data:ro", "cache:/modules", "/scratch", "~/:/home"] });
    expect(mounts.map(({ kind, target, readOnly }) => `${kind} ${target}${readOnly ? " ro" : ""}`)).toEqual([
      "anonymous /cache",
      "bind /data ro",
      "volume /modules",
      "anonymous /scratch",
      "bind /home",
    ]);
    expect(devMounts).toEqual([]);
    expect(mounts.flatMap((mount) => (mount.kind === "bind" ? [mount.source] : []))).toEqual([directory, directory]);
    for (const wrong of ["./gone:/x", "a:b:c:d", "relative", ".:/x:sideways", "a b:/x"]) {
      await expect(web({ volume: [wrong] })).rejects.toThrow(`--volume "${wrong}"`);
    }
  });

  test("has labels and capabilities added", async () => {
    const given = await web({ label: ["a=b"], capAdd: ["NET_ADMIN"], capDrop: ["ALL"] });
    expect(given).toMatchObject({ labels: { a: "b" }, capAdd: ["NET_ADMIN"], capDrop: ["ALL"] });
  });
});
