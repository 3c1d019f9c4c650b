import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { randomBytes } from "node:crypto";
import { describe, expect } from "vitest";
import { type CommandLine, commandLine, IDLE, projectFile } from "../support/command-line.ts";
import { EngineTap } from "../support/engine-tap.ts";
import type { Finished } from "../support/scenario-process.ts";

const canary = (): string => `c4n4ry-${randomBytes(8).toString("hex")}`;

/** Everything that a line's engine shows to whoever lists objects, and every file that dock has written. */
async function traces({ engine, cache }: CommandLine): Promise<string> {
  const { containers, networks, volumes } = engine.world;
  const labels = [...containers, ...networks, ...volumes].map((thing) => JSON.stringify(thing.labels));
  const names = [...containers, ...networks, ...volumes].map(({ name }) => name);
  const files = (await readdir(cache, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const written = await Promise.all(files.map(({ parentPath, name }) => readFile(join(parentPath, name), "utf8")));
  return [...labels, ...names, ...written].join("\n");
}

function said(runs: readonly Finished[]): string {
  return runs.map(({ stdout, stderr }) => stdout + stderr).join("\n");
}

describe("secrets", () => {
  commandLine(
    "S1 a secret is in its container's environment and nowhere else, whatever goes wrong",
    async ({ line }) => {
      const [fromFile, fromEnv, fromEnvFile, registry] = [canary(), canary(), canary(), canary()];
      const secrets = [fromFile, fromEnv, fromEnvFile, registry];
      const env = { API_TOKEN: fromEnv, DOCKER_CONFIG: join(line.home, "docker") };
      const auths = { "registry.example": { auth: Buffer.from(`me:${registry}`).toString("base64") } };
      await line.write({
        "../home/docker/config.json": JSON.stringify({ auths }),
        ".env": `ADDRESS=${fromFile}\n`,
        "web.env": `ANOTHER=${fromEnvFile}\n`,
      });
      const web = { ...IDLE, environment: { ADDRESS: "${ADDRESS}", API_TOKEN: undefined }, env_file: ["web.env"] };
      const declare = async (more: object): Promise<void> => {
        const service = { ...web, ...more, environment: ["ADDRESS=${ADDRESS}", "API_TOKEN"] };
        const app = { image: "registry.example/app:1" };
        await line.write({ "dock.yaml": projectFile({ services: { web: service, app }, volumes: { data: {} } }) });
      };
      line.engine.registry.set("registry.example/app:1", { tags: [] });
      const bodies: string[] = [];
      const auth: string[] = [];
      await using tap = await EngineTap.start(line.engine.socketPath, ({ path, query, body, headers }) => {
        bodies.push(path + query + (path === "/containers/create" ? body.replace(/"Env":\[[^\]]*\]/, "") : body));
        auth.push(String(headers["x-registry-auth"] ?? ""));
        return undefined;
      });
      const runs: Finished[] = [];
      const dock = async (...args: readonly string[]): Promise<void> => {
        runs.push(await line.run(args, { env, host: tap.host }));
      };
      await declare({});
      await dock("plan", "--json");
      await dock("-v", "up", "-d");
      for (const secret of [fromFile, fromEnv, fromEnvFile])
        expect(line.engine.container("shop-web-1").body.Env?.join("\n")).toContain(secret);
      await line.write({ ".env": "ADDRESS=another-place\n" });
      await dock("plan");
      await dock("plan", "--json", "-o", join(line.directory, "saved.json"));
      await line.write({ ".env": `ADDRESS=${fromFile}\n` });
      line.engine.addImage({
        tags: ["noisy:latest"],
        behavior: { exits: { code: 3 }, output: [fromFile, fromEnv, fromEnvFile].map((one) => `at ${one}!`) },
      });
      await declare({ image: "noisy:latest" });
      await dock("up", "-d");
      await declare({ image: "missing:latest" });
      await dock("up", "-d");
      await declare({ environment: [] });
      for (const args of [["why", "web"], ["ps"], ["ps", "--json"], ["down", "-v"], ["frobnicate"]])
        await dock(...args);
      expect(runs.map(({ code }) => code)).toEqual([0, 0, 0, 0, 5, 1, 0, 0, 0, 0, 2]);
      const everything = [
        said(runs),
        await traces(line),
        await readFile(join(line.directory, "saved.json"), "utf8"),
        ...bodies,
      ];
      const lines = everything.join("\n").split("\n");
      for (const secret of secrets) expect(lines.filter((text) => text.includes(secret))).toEqual([]);
      expect(
        auth.filter((header) => header !== "").map((header) => Buffer.from(header, "base64url").toString()),
      ).toEqual([expect.stringContaining(registry)]);
    },
  );

  commandLine(
    "S1 what secrets and configs hold is in no word of dock, also where a service prints it",
    async ({ line }) => {
      const names = ["file", "environment", "content", "configFile", "configEnvironment", "configContent", "envFile"];
      const values: Record<string, string> = Object.fromEntries(names.map((name) => [name, canary()]));
      const env = { THE_SECRET: values["environment"] ?? "", THE_CONFIG: values["configEnvironment"] ?? "" };
      await line.write({
        "secret.txt": `${values["file"]}\n`,
        "app.conf": `[db]\nuser = me\npassword = "${values["configFile"]}"\n`,
        "web.env": `WHATEVER=${values["envFile"]}\n`,
      });
      const declare = async (image: string): Promise<void> =>
        line.write({
          "dock.yaml": projectFile({
            services: {
              web: {
                ...IDLE,
                image,
                env_file: "web.env",
                secrets: ["by-file", "by-environment", "by-content"],
                configs: ["c-file", "c-environment", "c-content"],
              },
            },
            secrets: {
              "by-file": { file: "./secret.txt" },
              "by-environment": { environment: "THE_SECRET" },
              "by-content": { content: values["content"] },
            },
            configs: {
              "c-file": { file: "./app.conf" },
              "c-environment": { environment: "THE_CONFIG" },
              "c-content": { content: `apiToken: ${values["configContent"]}\nlevel: debug\n` },
            },
          }),
        });
      const output = Object.values(values).map((value) => `at ${value}!`);
      line.engine.addImage({ tags: ["noisy:latest"], behavior: { exits: { code: 3 }, output } });
      const runs: Finished[] = [];
      const dock = async (...args: readonly string[]): Promise<void> => {
        runs.push(await line.run(args, { env }));
      };
      await declare("busybox:latest");
      for (const args of [
        ["config"],
        ["config", "--json"],
        ["validate"],
        ["plan"],
        ["plan", "--json"],
        ["-v", "up", "-d"],
      ])
        await dock(...args);
      await declare("noisy:latest");
      for (const args of [
        ["plan", "--json"],
        ["up", "-d"],
        ["up", "-d", "--json"],
        ["why", "web"],
        ["ps", "--json"],
      ])
        await dock(...args);
      await declare("missing:latest");
      for (const args of [
        ["up", "-d"],
        ["down", "-v", "--json"],
      ])
        await dock(...args);
      expect(runs.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0, 0, 0, 5, 5, 0, 0, 1, 0]);
      const lines = [said(runs), await traces(line)].join("\n").split("\n");
      for (const [name, value] of Object.entries(values))
        expect(
          lines.filter((text) => text.includes(value)),
          name,
        ).toEqual([]);
      // What is no secret stays readable.
      expect(runs[0]?.stdout).toContain("level: debug");
    },
  );

  commandLine("S2 labels hold hashes that tell nobody the value and are others in every project", async ({ line }) => {
    const pin = "4711";
    const spec = async (project: string): Promise<string> => {
      await line.write({
        "dock.yaml": projectFile({ name: project, services: { web: { ...IDLE, environment: { PIN: pin } } } }),
      });
      await line.dock(["up", "-d"]);
      const { labels } = line.engine.container(`${project}-web-1`);
      expect(Object.keys(labels).filter((key) => !key.startsWith("dev.dock."))).toEqual([]);
      return JSON.stringify(labels["dev.dock.spec"]);
    };
    const [one, other] = [await spec("one"), await spec("other")];
    const hashOf = (text: string): string | undefined => /hash:[0-9a-f]+/.exec(text)?.[0];
    expect(one).not.toContain(pin);
    expect(hashOf(one)).toBeDefined();
    expect(hashOf(one)).not.toBe(hashOf(other));
    await line.dock(["up", "-d"]);
    await line.dock(["plan", "--detailed-exitcode"]);
  });

  commandLine("S3 what .env holds is masked in every form, but not what stands in names anyway", async ({ line }) => {
    const secret = "pä ss/w+rd&1";
    await line.write({
      ".env": `CODE='${secret}'\nTAG=busybox:latest\nSHORT=12345\nMODE=production\n`,
      "dock.yaml": projectFile({
        services: { web: { image: "${TAG}", environment: { A: "${CODE}", B: "${SHORT}", C: "${MODE}" } } },
      }),
    });
    const base64 = Buffer.from(secret).toString("base64");
    const output = [
      `plain ${secret}`,
      `url ${encodeURIComponent(secret)}`,
      `base64 ${base64}`,
      `json ${JSON.stringify({ secret })}`,
    ];
    line.engine.addImage({
      tags: ["busybox:latest"],
      behavior: { exits: { code: 1 }, output: [...output, "12345 production busybox:latest"] },
    });
    const failed = await line.dock(["up", "-d"], { code: 5 });
    expect(failed.stderr.match(/(plain|url|base64|json) .*/g)).toEqual([
      "plain (hidden)",
      "url (hidden)",
      expect.stringMatching(/^base64 \(hidden\)=*$/),
      'json {"secret":"(hidden)"}',
    ]);
    expect(failed.stderr).toContain("12345 production busybox:latest");
    const json = await line.dock(["up", "-d", "--json"], { code: 5 });
    for (const form of [secret, encodeURIComponent(secret), base64]) expect(json.stdout).not.toContain(form);
  });

  commandLine("S3 a plan tells that a hidden value changed, not what it was or is", async ({ line }) => {
    const declare = async (dotenv: string, environment: object): Promise<void> =>
      line.write({ ".env": dotenv, "dock.yaml": projectFile({ services: { web: { ...IDLE, environment } } }) });
    await declare("WHERE=first-place\n", {
      WHERE: "${WHERE}",
      LEVEL: "info",
      GONE: "was-here",
      DB: "pg://me:hunter22@db/",
    });
    await line.dock(["up", "-d"]);
    await declare("WHERE=second-place\n", { WHERE: "${WHERE}", LEVEL: "debug", DB: "pg://me:hunter23@db/" });
    const { stdout } = await line.dock(["plan", "--json"]);
    const [{ reasons }] = (JSON.parse(stdout) as { actions: [{ reasons: readonly object[] }] }).actions;
    expect(reasons).toEqual([
      { code: "config-changed", path: "environment.DB", before: "(hidden)", after: "pg://me:(hidden)@db/" },
      { code: "config-changed", path: "environment.GONE", before: "(hidden)" },
      { code: "config-changed", path: "environment.LEVEL", before: "info", after: "debug" },
      { code: "config-changed", path: "environment.WHERE", before: "(hidden)", after: "(hidden)" },
    ]);
  });

  commandLine(
    "S4 a build argument that is named like a secret is warned about, with its place and without its value",
    async ({ line }) => {
      await line.write({
        Dockerfile: "FROM busybox\n",
        "dock.yaml": projectFile({
          images: { app: { context: ".", args: { NPM_TOKEN: "hunter22", VERSION: "1", PUBLIC_KEY: "x" } } },
        }),
      });
      const { stderr } = await line.dock(["validate"]);
      expect(stderr.match(/^dock\.yaml:\d+:\d+ warning .*NPM_TOKEN.*stays in the image's history/gm)).toHaveLength(1);
      expect(stderr).not.toMatch(/VERSION.*history|PUBLIC_KEY.*history/);
      await line.dock(["validate", "--strict"], { code: 2 });
    },
  );
});
